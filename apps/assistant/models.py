"""Generations, what people decided about them, conversations and commands. Texts are encrypted at rest."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Lower

from apps.core.encryption import EncryptedJSONField, EncryptedTextField
from apps.documents.models import Document
from apps.teams.models import Team

ID_MAX_CHARACTERS = 64
COMMAND_NAME_MAX_CHARACTERS = 40
EXPERIMENT_MAX_CHARACTERS = 50
CHAT = "chat"  # the action whose generations are answers in a conversation
STORY = "story"  # the action that writes on in a story
SHEET = "sheet"  # the action that reads a story's sheet out of its text
RECAP = "recap"  # and the one that sums up a conversation's beginning


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
    `events` has those without text (edits, status), and `ending` is its end event, all as they were sent.
    `last_seq` is 1 from when `started` was sent.

    `tier`: whose limits held, the payer's. `experiment`, `arm`: see `variants`; empty outside of any.

    `attempts` has what every request to a provider cost, the failed, stopped and lost ones too: `model`, `epoch`,
    `outcome` (`done`, `stopped`, `lost` with its generator, or a code), `prompt_tokens`, `completion_tokens`,
    `counted` (by the provider, else by us) and `characters`. `prompt_tokens` and `completion_tokens` are their sums.
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
    tier = models.CharField(max_length=40, blank=True, default="", db_default="")
    experiment = models.CharField(max_length=EXPERIMENT_MAX_CHARACTERS, blank=True, default="", db_default="")
    arm = models.CharField(max_length=EXPERIMENT_MAX_CHARACTERS, blank=True, default="", db_default="")
    request_id = models.CharField(max_length=ID_MAX_CHARACTERS)

    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    epoch = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=ID_MAX_CHARACTERS, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # by a reviewer: shown to nobody but reviewers

    text = EncryptedTextField(null=True, blank=True)
    lengths = ArrayField(models.PositiveIntegerField(), default=list, blank=True)
    events = EncryptedJSONField(null=True, blank=True)
    last_seq = models.PositiveIntegerField(default=0)
    ending = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    attempts = models.JSONField(default=list, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    first_token_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions: ClassVar = [("read_transcript", "Can read transcripts, giving a reason")]
        indexes: ClassVar = [
            models.Index("user", "created_at", name="generation_by_user"),  # rate limits
            models.Index("document", "created_at", name="generation_by_document"),  # the transcript list
            models.Index(
                "created_at",
                condition=models.Q(state__in=("queued", "running")),
                name="generation_open",  # what is running, and the sweep
            ),
            BrinIndex("ended_at", pages_per_range=16, autosummarize=True, name="generation_ended"),  # hours of figures
            models.Index("experiment", "ended_at", condition=~models.Q(experiment=""), name="generation_in_experiment"),
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

    @property
    def conversation_id(self) -> uuid.UUID | None:
        """Return the conversation this is an answer in. Where `turn` is not selected with it, this is a query."""
        turn = getattr(self, "turn", None) if self.action == CHAT else None
        return turn.conversation_id if turn else None


class Decision(models.Model):
    """What somebody decided about a suggestion, or about one edit of it.

    `seq` is its event's, and given when the generation ends, also to what was told before.
    """

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
        indexes: ClassVar = [
            BrinIndex("created_at", pages_per_range=16, autosummarize=True, name="decision_made"),  # hours of figures
        ]

    def __str__(self) -> str:
        return f"{self.decision} of {self.generation_id}"


class Conversation(models.Model):
    """A chat about a document. Private ones are for who began it, shared ones for everybody in the document.

    A deleted one is hidden at once and erased after ASSISTANT_CONVERSATION_TRASH_SECONDS.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="conversations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations")
    title = EncryptedTextField(default=str)
    visibility = models.CharField(max_length=7, choices=Visibility.choices, default=Visibility.PRIVATE)
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index("document", "asked_at", name="conversation_by_document"),
            models.Index("deleted_at", condition=models.Q(deleted_at__isnull=False), name="conversation_deleted"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_private(self) -> bool:
        return self.visibility == Visibility.PRIVATE


class LiveUsage(Generation):
    """What is used now, as the admin's page of it shows."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = "live usage"
        verbose_name_plural = "live usage"


class Turn(models.Model):
    """A question and its answer: the answer is `generation`, the question the last message of its input.

    Asking again or editing a question makes another turn with the same `parent`: a conversation is a tree of which
    people see one thread at a time, and nothing in it is overwritten.
    `summary`: the generation that sums up the thread up to and including this turn.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    generation = models.OneToOneField(Generation, on_delete=models.CASCADE, related_name="turn")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    summary = models.ForeignKey(Generation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes: ClassVar = [models.Index("conversation", "id", name="turn_by_conversation")]

    def __str__(self) -> str:
        return f"turn {self.pk} of {self.conversation_id}"


class Command(models.Model):
    """A named prompt of a person's own, of a document's people or of a team's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="commands"
    )
    document = models.ForeignKey(Document, null=True, blank=True, on_delete=models.CASCADE, related_name="commands")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="commands")
    name = models.CharField(max_length=COMMAND_NAME_MAX_CHARACTERS)
    prompt = EncryptedTextField()
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("user", Lower("name"), name="command_once_per_person"),
            models.UniqueConstraint("document", Lower("name"), name="command_once_per_document"),
            models.UniqueConstraint("team", Lower("name"), name="command_once_per_team"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, document__isnull=False, team__isnull=True)
                | models.Q(user__isnull=False, document__isnull=True, team__isnull=True)
                | models.Q(user__isnull=True, document__isnull=True, team__isnull=False),
                name="command_has_one_owner_of_three",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StorySheet(models.Model):
    """The live sheet of one document's story, once somebody has used it.

    `user` used it last, at `used_at`: it is read for them. `reading` is the generation that reads the text as edited at
    `reading_of`; `read_of` is the text that was read last.
    """

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.CASCADE, related_name="story")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    used_at = models.DateTimeField()
    reading = models.ForeignKey(Generation, null=True, on_delete=models.SET_NULL, related_name="+")
    reading_of = models.DateTimeField(null=True)
    read_of = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index("used_at", name="story_by_use")]  # which sheets follow their text

    def __str__(self) -> str:
        return f"story of {self.document_id}"


class SheetEntry(models.Model):
    """A character, place or thread. `by_person`: the task leaves it as it is, also where a person removed it.

    `plain_note` is what a process of the version before wrote during a restart; nothing else is in it.
    """

    class Kind(models.TextChoices):
        CHARACTER = "character", "Character"
        PLACE = "place", "Place"
        THREAD = "thread", "Thread"

    sheet = models.ForeignKey(StorySheet, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    name = models.CharField(max_length=120)
    note = EncryptedTextField(null=True, blank=True, default=str, db_column="sealed_note")
    plain_note = models.TextField(blank=True, default="", db_column="note")
    by_person = models.BooleanField(default=False)
    removed = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def said(self) -> str:
        """Return the note, empty where there is none."""
        return self.note or self.plain_note
