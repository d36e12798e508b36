"""What moderation found and did, and requests that wait for a reviewer. Texts are encrypted at rest."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.core.encryption import EncryptedJSONField, EncryptedTextField
from apps.documents.models import Document
from apps.moderation.models.rules import Action, Rule

ID_MAX_CHARACTERS = 64
KEY_MAX_CHARACTERS = 200
CATEGORY_MAX_CHARACTERS = 60
DIGEST_CHARACTERS = 64
FAILURE_MAX_CHARACTERS = 300


class Verdict(models.Model):
    """One thing that was found, once per `key`. Written by `apps.moderation.verdicts` only.

    `target_kind` and `target_id`: what was looked at; `request` is one that became no generation, by the id it asked
    for. `stage`: when it was looked at. `source`: what found it. `category`: of the source, e.g. `card`, `term`,
    `indirect_injection`, `violence`. `score`: 0 to 1 where the source has one. `count`: how often it stood there.
    `action`: what was done. `excerpt`: some of the text, where MODERATION_EXCERPTS keeps it for this source.
    `fingerprint`: the same for texts that read the same; it does not give them away.
    `state`: `noted` asks nothing of reviewers.
    """

    class Target(models.TextChoices):
        REQUEST = "request", "Request"
        GENERATION = "generation", "Generation"
        DOCUMENT = "document", "Document"
        COMMENT = "comment", "Comment"

    class Stage(models.TextChoices):
        INPUT = "input", "Asked"
        OUTPUT = "output", "Answered"
        AFTER = "after", "Checked afterwards"

    class Source(models.TextChoices):
        RULE = "rule", "Rule"
        SHAPE = "shape", "Built-in shape"
        MODEL = "model", "Moderation model"
        INJECTION = "injection", "Orders to the assistant"
        REPORT = "report", "Report"

    class State(models.TextChoices):
        NOTED = "noted", "Noted"
        WAITING = "waiting", "Waits for a reviewer"
        UPHELD = "upheld", "Upheld"
        OVERTURNED = "overturned", "Overturned"

    key = models.CharField(max_length=KEY_MAX_CHARACTERS, unique=True)
    target_kind = models.CharField(max_length=10, choices=Target.choices)
    target_id = models.CharField(max_length=ID_MAX_CHARACTERS)
    document = models.ForeignKey(Document, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    stage = models.CharField(max_length=6, choices=Stage.choices)
    source = models.CharField(max_length=9, choices=Source.choices)
    category = models.CharField(max_length=CATEGORY_MAX_CHARACTERS)
    rule = models.ForeignKey(Rule, null=True, blank=True, on_delete=models.SET_NULL, related_name="verdicts")
    rule_version = models.PositiveIntegerField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    count = models.PositiveIntegerField(default=1)
    action = models.CharField(max_length=10, choices=Action.choices)
    excerpt = EncryptedTextField(null=True, blank=True)
    fingerprint = models.CharField(max_length=DIGEST_CHARACTERS, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NOTED)
    created_at = models.DateTimeField(auto_now_add=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index("state", "created_at", name="verdict_by_state"),
            models.Index("target_id", name="verdict_by_target"),
            models.Index("user", "created_at", name="verdict_by_user"),
            models.Index("document", "created_at", name="verdict_by_document"),
            models.Index(
                "fingerprint", condition=~models.Q(fingerprint=""), name="verdict_by_fingerprint"
            ),  # similar cases
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.category} in {self.target_kind} {self.target_id}"


class HeldRequest(models.Model):
    """A request that a reviewer looks at before it may run. Released, it runs, and the same person may ask the same.

    Of one that was blocked nothing is kept but its action and digest: released, the same may be asked.

    `id` is the generation's that was asked for; its verdicts have it as their target. `request` is the frame. `digest`:
    the same for requests that ask the same. `failure`: why it could not run when it was released. `told_at`: when
    whoever asked heard of the decision. Written by `apps.moderation.quarantine` and `apps.assistant.reviewed` only.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a reviewer"
        RELEASED = "released", "Released"
        REFUSED = "refused", "Refused"
        BLOCKED = "blocked", "Blocked when it was asked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=DIGEST_CHARACTERS)
    request = EncryptedJSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    failure = models.CharField(max_length=FAILURE_MAX_CHARACTERS, blank=True, default="", db_default="")
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "document", "digest"], name="held_once"),
        ]
        indexes: ClassVar = [models.Index("state", "created_at", name="held_by_state")]

    def __str__(self) -> str:
        return f"request {self.id}"
