"""What administrators look for, beside the built-in shapes. Loaded into every process by `apps.moderation.rules`."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from apps.moderation.patterns import UnsafePattern, check_pattern
from apps.moderation.terms import TERM_MAX_CHARACTERS, check_term
from apps.quotas.models import Tier

CONTENT_MAX_CHARACTERS = 500
LANGUAGE_MAX_CHARACTERS = 35


class Action(models.TextChoices):
    """What is done where something is found, mildest first."""

    FLAG = "flag", "Note it"
    REDACT = "redact", "Cut it out of answers"
    QUARANTINE = "quarantine", "Hold it until a reviewer has looked"
    BLOCK = "block", "Refuse it"


class Rule(models.Model):
    """A term or a pattern, and what is done where it stands.

    `direction`: in requests, in answers, or in both; what an answer has that is to be held or refused ends it there. In
    a request nothing is cut out: there `redact` notes. `tier`: only for people of that tier, else everybody.
    `language`: only in texts of that language, and in those whose language is not sure. `version` counts changes.
    """

    class Kind(models.TextChoices):
        TERM = "term", "Term"
        PATTERN = "pattern", "Pattern"

    class Direction(models.TextChoices):
        INPUT = "input", "Requests"
        OUTPUT = "output", "Answers"
        BOTH = "both", "Requests and answers"

    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.TERM)
    content = models.CharField(
        max_length=CONTENT_MAX_CHARACTERS,
        help_text="A word or phrase, found as a whole and also disguised (other alphabets, digits for letters, gaps); "
        "or a regular expression, which ignores case.",
    )
    language = models.CharField(
        max_length=LANGUAGE_MAX_CHARACTERS,
        blank=True,
        validators=[RegexValidator(r"^[a-z]{2,3}$", "Two or three small letters, e.g. “de”.")],
        help_text="Only in texts of this language, e.g. “de”. Empty: in all.",
    )
    tier = models.ForeignKey(
        Tier, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="Empty: for everybody."
    )
    direction = models.CharField(max_length=6, choices=Direction.choices, default=Direction.BOTH)
    action = models.CharField(max_length=10, choices=Action.choices, default=Action.FLAG)
    category = models.CharField(max_length=40, blank=True, help_text="What reviewers see it under, e.g. “harassment”.")
    enabled = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["kind", "content"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "content", "direction", "language", "tier"],
                nulls_distinct=False,
                name="rule_once",
                violation_error_message="There is such a rule already.",
            ),
        ]

    def __str__(self) -> str:
        return self.content

    def clean(self) -> None:
        """Raise ValidationError for a term without letters, and a pattern that is none or could take for ever."""
        if self.kind == self.Kind.TERM and len(self.content) > TERM_MAX_CHARACTERS:
            raise ValidationError({"content": f"A term has at most {TERM_MAX_CHARACTERS} characters."})
        try:
            check_term(self.content) if self.kind == self.Kind.TERM else check_pattern(self.content)
        except (ValueError, UnsafePattern) as problem:
            raise ValidationError({"content": str(problem)}) from None

    def save(self, **options: Any) -> None:
        if not self._state.adding:
            self.version += 1
        super().save(**options)
