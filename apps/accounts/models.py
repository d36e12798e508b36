"""People, and the keys of their programs."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from apps.core.encryption import EncryptedTextField

# Caret colours: each at least 4.5:1 against white, so that a white name on it can be read.
CARET_COLORS = ("#9f3a38", "#8a4b08", "#5d6411", "#1d6b43", "#0f6674", "#2456a6", "#5b45b0", "#8b3a8f", "#a8325e")


class Appearance(models.TextChoices):
    """Which colours the pages have."""

    SYSTEM = "system", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person, known by e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = None  # type: ignore[assignment]  # people sign in by e-mail
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    appearance = models.CharField(max_length=6, choices=Appearance.choices, default=Appearance.SYSTEM)
    mail_mentions = models.BooleanField(default=True, db_default=True)
    suspended_until = models.DateTimeField(null=True, blank=True, editable=False)  # `suspension` sets it

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[misc,assignment]  # django-stubs wants AbstractUser's own manager

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_unique_ignoring_case")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def is_suspended(self) -> bool:
        return self.suspended_until is not None and self.suspended_until > timezone.now()

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.display_name.split()[:2]).upper()

    @property
    def color_index(self) -> int:
        """Return which of CARET_COLORS is theirs; style sheets name the colours by this number."""
        return self.id.int % len(CARET_COLORS)

    @property
    def caret_color(self) -> str:
        return CARET_COLORS[self.color_index]

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name


class Suspension(models.Model):
    """Somebody is kept out, for `reason`, which they are told, and may appeal once. Written by `suspension` only.

    `until`: None where only a reviewer ends it. `ended_at`: when one did, or another took its place; who waits it out
    has none. `answer`: what the reviewer says to the appeal.
    """

    class Appeal(models.TextChoices):
        NONE = "none", "No appeal"
        WAITING = "waiting", "Appeal waits"
        GRANTED = "granted", "Appeal granted"
        REFUSED = "refused", "Appeal refused"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="suspensions")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    appeal = models.CharField(max_length=7, choices=Appeal.choices, default=Appeal.NONE)
    appeal_text = EncryptedTextField(null=True, blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)
    answer = EncryptedTextField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(ended_at__isnull=True), name="suspension_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"suspension of {self.user_id}"

    @property
    def can_be_appealed(self) -> bool:
        return self.appeal == self.Appeal.NONE


LANGUAGE_MAX_CHARACTERS = 35  # of a BCP 47 tag; the longest registered have fewer


class Writing(models.Model):
    """What the writing tools respect. Changed by `writing.change_writing` only.

    `words`: the dictionary, `ignored_rules`: findings nobody wants to see; both in the order they were added, each
    once. `language`: a BCP 47 tag, empty where the text tells. `style`: the house style, in words.
    """

    words = ArrayField(models.TextField(), default=list, blank=True)
    ignored_rules = ArrayField(models.TextField(), default=list, blank=True)
    language = models.CharField(max_length=LANGUAGE_MAX_CHARACTERS, blank=True)
    style = models.TextField(blank=True)

    class Meta:
        abstract = True


class PersonalWriting(Writing):
    """A person's own, in every document they write in."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="writing")

    def __str__(self) -> str:
        return f"writing of {self.user_id}"


class Scope(models.TextChoices):
    """What a key may be used for; what its person may do bounds it in any case."""

    DOCUMENTS_READ = "documents:read", "Read documents"
    DOCUMENTS_WRITE = "documents:write", "Create and change documents, and say who may"
    ASSISTANT = "assistant", "Ask the assistant and decide"
    ANALYTICS_READ = "analytics:read", "Read the analytics"


class KeptAnswer(models.Model):
    """What a REST request with an `Idempotency-Key` was answered, for who sends it again (`idempotency`).

    `request_hash`: SHA-256 of its method, path and body.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kept_answers")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=100, blank=True)
    body = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="kept_answer_once_per_key")]

    def __str__(self) -> str:
        return f"answer {self.status} kept for {self.user_id}"


class ApiKey(models.Model):
    """A program's way in as its person. Of the secret only a hash is kept; `prefix` finds the row.

    `replaced_by`: the key that took over; until `expires_at` both are valid.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces"
    )

    class Meta:
        indexes: ClassVar = [models.Index("user", "created_at", name="api_key_by_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
