"""What reviewers look at and decide: cases, the reports in them, their decisions, and what people are told of those."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.documents.models import Document
from apps.moderation.models.verdicts import ID_MAX_CHARACTERS


class Case(models.Model):
    """All there is about one target: verdicts, reports, a held request, an appeal. Written by `apps.moderation.cases`.

    `target_kind`, `target_id`: as a verdict's; of an appeal the person's. `user`: whose doing it is, where it is
    somebody's. `due_at`: by when somebody should have decided. `version` counts what changed it: a decision says which
    one it is about, so that two reviewers do not decide past each other. `outcome`: the last decision.
    """

    class Target(models.TextChoices):
        REQUEST = "request", "Request"
        GENERATION = "generation", "Generation"
        DOCUMENT = "document", "Document"
        COMMENT = "comment", "Comment"
        PERSON = "person", "Person"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ESCALATED = "escalated", "Escalated"
        CLOSED = "closed", "Decided"

    class Outcome(models.TextChoices):
        NONE = "", "Not decided"
        APPROVED = "approved", "Approved"
        REMOVED = "removed", "Removed"
        WARNED = "warned", "Person warned"
        SUSPENDED = "suspended", "Person suspended"
        RESTORED = "restored", "Restored"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target_kind = models.CharField(max_length=10, choices=Target.choices)
    target_id = models.CharField(max_length=ID_MAX_CHARACTERS)
    document = models.ForeignKey(Document, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, blank=True, default=Outcome.NONE)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["due_at"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["target_kind", "target_id"], name="case_once")]
        indexes: ClassVar = [
            models.Index("state", "due_at", name="case_by_state"),
            models.Index("user", "opened_at", name="case_by_user"),
        ]
        permissions: ClassVar = [("decide_escalated", "Can decide escalated cases")]

    def __str__(self) -> str:
        return f"{self.get_target_kind_display()} {self.target_id[:8]}"

    @property
    def is_overdue(self) -> bool:
        return self.state != self.State.CLOSED and self.due_at < timezone.now()


class Report(models.Model):
    """Somebody says that something should be looked at. `answered_at`: when reviewers had; `outcome` as the case's."""

    class Reason(models.TextChoices):
        HARMFUL = "harmful", "Harmful or dangerous"
        HATE = "hate", "Hateful or harassing"
        SEXUAL = "sexual", "Sexual"
        PRIVATE = "private", "Somebody’s personal data"
        FALSE = "false", "False or misleading"
        RIGHTS = "rights", "Somebody else’s work"
        OTHER = "other", "Something else"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=7, choices=Reason.choices)
    note = EncryptedTextField(default=str)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=9, choices=Case.Outcome.choices, blank=True, default=Case.Outcome.NONE)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "reporter"], condition=models.Q(answered_at__isnull=True), name="report_once_at_a_time"
            )
        ]
        indexes: ClassVar = [models.Index("reporter", "created_at", name="report_by_reporter")]

    def __str__(self) -> str:
        return f"report {self.pk}"


class CaseDecision(models.Model):
    """What a reviewer decided, in order. `note`: for other reviewers; what the person reads is in `words`."""

    class Kind(models.TextChoices):
        APPROVE = "approve", "Approved"
        REMOVE = "remove", "Removed"
        WARN = "warn", "Warned"
        SUSPEND = "suspend", "Suspended"
        RESTORE = "restore", "Restored"
        ESCALATE = "escalate", "Escalated"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="decisions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    version = models.PositiveIntegerField()
    note = EncryptedTextField(default=str)
    words = EncryptedTextField(default=str)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "version"], name="case_decision_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"


class Notice(models.Model):
    """What somebody is told on their next page, until they say that they have read it.

    A removal's tells an owner of `document` what of a withdrawn answer was accepted there (`words`), a release's
    somebody that what they asked there may be asked again.
    """

    class Kind(models.TextChoices):
        WARNING = "warning", "Warning"
        REMOVAL = "removal", "Something was removed"
        RELEASE = "release", "Something was released"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    document = models.ForeignKey(Document, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    words = EncryptedTextField(default=str)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index("user", condition=models.Q(read_at__isnull=True), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"
