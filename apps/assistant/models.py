"""Generations and what people decided about them. Texts are encrypted at rest."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.encryption import EncryptedJSONField, EncryptedTextField
from apps.documents.models import Document

ID_MAX_CHARACTERS = 64


class State(models.TextChoices):
    """Where a generation is. The last three are ends."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"

    @property
    def is_end(self) -> bool:
        return self in (State.DONE, State.FAILED, State.CANCELLED)


OPEN_STATES = (State.QUEUED, State.RUNNING)


class Visibility(models.TextChoices):
    """Who receives a generation's events."""

    SHARED = "shared", "Everybody in the document"
    PRIVATE = "private", "Only who asked for it"


class Generation(models.Model):
    """One answer of the assistant. While it streams, its events are in the stream log; afterwards they are here.

    `epoch` counts the generators that took it: the number that fences off one presumed dead. `lengths` has the
    characters of each event after `started`, 0 for one without text, so that a replay can start anywhere.
    `ending` is its end event as it was sent.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="generations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="generations")
    action = models.CharField(max_length=40)
    visibility = models.CharField(max_length=7, choices=Visibility.choices, default=Visibility.SHARED)
    anchor = EncryptedJSONField(null=True, blank=True)
    input = EncryptedJSONField()
    options = models.JSONField(default=dict, blank=True)
    model = models.CharField(max_length=200)
    prompt_version = models.CharField(max_length=40)
    request_id = models.CharField(max_length=ID_MAX_CHARACTERS)

    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    epoch = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=ID_MAX_CHARACTERS, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    text = EncryptedTextField(null=True, blank=True)
    lengths = ArrayField(models.PositiveIntegerField(), default=list, blank=True)
    last_seq = models.PositiveIntegerField(default=0)
    ending = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    first_token_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index("user", "created_at", name="generation_by_user"),  # rate limits
            models.Index("document", "created_at", name="generation_by_document"),  # the transcript list
            models.Index(
                "created_at",
                condition=models.Q(state__in=("queued", "running")),
                name="generation_open",  # what is running, and the sweep
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.id}"

    @property
    def is_ended(self) -> bool:
        return State(self.state).is_end

    @property
    def is_private(self) -> bool:
        return self.visibility == Visibility.PRIVATE

    def is_visible_to(self, user_id: Any) -> bool:
        """Say whether a person who may see the document may see this."""
        return not self.is_private or self.user_id == user_id


class Decision(models.Model):
    """What somebody decided about a suggestion, or about one edit of it. `seq` is given when the generation ends."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    edit_id = models.CharField(max_length=64, blank=True)
    decision = models.CharField(
        max_length=8, choices=[("accepted", "Accepted"), ("rejected", "Rejected"), ("edited", "Edited")]
    )
    final_text = EncryptedTextField(null=True, blank=True)
    seq = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["generation", "seq"], name="decision_seq_once"),
        ]

    def __str__(self) -> str:
        return f"{self.decision} of {self.generation_id}"
