"""What the assistant may do, by installation, tier, team and document. In force by `apps.moderation.policies`."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.documents.models import Document
from apps.quotas.models import Tier
from apps.teams.models import Team

REASON_MAX_CHARACTERS = 300


class Choice(models.TextChoices):
    """What a policy says of one thing, mildest first."""

    @property
    def strictness(self) -> int:
        return list(type(self)).index(self)


class Mode(Choice):
    """What the assistant may be asked for."""

    FULL = "full", "Everything"
    SUGGESTIONS = "suggestions", "Suggestions only: nothing that is put into the text as a whole"
    OFF = "off", "Nothing: the assistant is off"


class Routes(Choice):
    """Which models may be asked."""

    ANY = "any", "All models"
    LOCAL = "local", "Local models only: no text leaves this installation"


class Spenders(Choice):
    """Who may ask, of those whose role in the document lets them."""

    EVERYONE = "everyone", "Everybody who may edit"
    EDITORS = "editors", "Owners, and editors who were invited themselves (not all of a team)"
    OWNERS = "owners", "Owners only"


class Screening(Choice):
    """How what is found in requests is taken."""

    USUAL = "usual", "As the rules say"
    STRICT = "strict", "Strictly: what would only be noted waits for a reviewer"


class AfterChecks(Choice):
    """What is looked at once more when it is there in full."""

    NONE = "none", "As the installation is set up"
    TRANSCRIPTS = "transcripts", "Every answer"
    EVERYTHING = "everything", "Every answer, and the document when it was changed"


class PolicyVersion(models.Model):
    """One version of a policy; never changed, never removed (PostgreSQL refuses it). The newest of a place is in force.

    It is a tier's, a team's or a document's; the whole installation's where none of them is set. What it is of may be
    gone; the version stays. `reason` is shown to whoever the policy holds for.
    """

    tier = models.ForeignKey(
        Tier, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    document = models.ForeignKey(
        Document, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    version = models.PositiveIntegerField(editable=False)
    mode = models.CharField("the assistant may be asked for", max_length=11, choices=Mode.choices, default=Mode.FULL)
    routes = models.CharField("models", max_length=5, choices=Routes.choices, default=Routes.ANY)
    spenders = models.CharField("who may ask", max_length=8, choices=Spenders.choices, default=Spenders.EVERYONE)
    screening = models.CharField(
        "requests are screened", max_length=6, choices=Screening.choices, default=Screening.USUAL
    )
    after_checks = models.CharField(
        "looked at afterwards", max_length=11, choices=AfterChecks.choices, default=AfterChecks.NONE
    )
    reason = models.CharField(max_length=REASON_MAX_CHARACTERS, help_text="Shown to those for whom it holds.")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "policy"
        verbose_name_plural = "policies"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["document", "-version"], name="policy_of_document"),
            models.Index(fields=["id"], name="policy_of_no_document", condition=Q(document=None)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tier", "team", "document", "version"], nulls_distinct=False, name="policy_version_once"
            ),
            models.CheckConstraint(
                condition=Q(tier=None, team=None) | Q(tier=None, document=None) | Q(team=None, document=None),
                name="policy_of_one",
                violation_error_message="Choose a tier, a team or a document; none of them: everywhere.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}, version {self.version}"

    @property
    def place(self) -> str:
        """Return what it is of, in words."""
        if self.tier_id is not None:
            return f"tier {self.tier or self.tier_id}"
        if self.team_id is not None:
            return f"team {self.team or self.team_id}"
        if self.document_id is not None:
            return f"document {self.document or self.document_id}"
        return "everywhere"

    def save(self, **options: Any) -> None:
        """Only ever insert; PostgreSQL refuses anything else too."""
        super().save(**{**options, "force_insert": True})
