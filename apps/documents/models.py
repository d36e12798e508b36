"""Documents and who may do what in them. The text itself is in the document's log (`apps.collaboration`)."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from apps.accounts.models import Writing
from apps.core.encryption import EncryptedJSONField, EncryptedTextField
from apps.teams.models import Team

TITLE_MAX_CHARACTERS = 300


class Role(models.TextChoices):
    """What a person may do, strongest first."""

    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"
    COMMENTER = "commenter", "Commenter"
    VIEWER = "viewer", "Viewer"

    @property
    def rank(self) -> int:
        return RANKS[self]

    def includes(self, other: "Role") -> bool:
        return self.rank >= other.rank

    @property
    def can_edit(self) -> bool:
        return self.includes(Role.EDITOR)

    @property
    def can_comment(self) -> bool:
        return self.includes(Role.COMMENTER)


RANKS = {role: rank for rank, role in enumerate(reversed(Role))}


def strongest(*roles: str | None) -> Role | None:
    """Return the strongest of `roles`; None where there is none."""
    return max((Role(role) for role in roles if role), key=lambda role: role.rank, default=None)


class Document(models.Model):
    """One shared text. `title`, `text`, `outline` and `word_count` are projections read out of the log, never back in.

    `outline` has a line for each heading, with as many `#` as its level. Everybody in `team` has the role `team_role`,
    or their own where that is stronger. `comments_version` counts what is done to its comments.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=TITLE_MAX_CHARACTERS, blank=True)
    text = models.TextField(blank=True)
    outline = models.TextField(blank=True)
    word_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(auto_now_add=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    trashed_at = models.DateTimeField(null=True, blank=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="documents")
    team_role = models.CharField(max_length=10, choices=Role.choices, default=Role.EDITOR, db_default=Role.EDITOR.value)
    comments_version = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints: ClassVar = [
            # Owners are people: a document must not change hands with who comes into a team.
            models.CheckConstraint(condition=~models.Q(team_role="owner"), name="document_not_owned_by_team"),
        ]

    def __str__(self) -> str:
        return self.title or "Untitled"


class Membership(models.Model):
    """A person's role in a document."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "user"], name="membership_once_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.document_id}"


class Invitation(models.Model):
    """A role waiting for somebody who has no account yet; it becomes a membership when they sign up and verify."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("document", Lower("email"), name="invitation_once_per_address"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.document_id}"


class ShareLink(models.Model):
    """An address that gives a role in a document to whoever opens it, until `expires_at`. Written by `links` only.

    `token` is what the address ends with, encrypted, for owners who copy it again; `token_hash`, SHA-256, finds it.
    `password_hash` is of Django's hashers, empty where none is asked for.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="links")
    role = models.CharField(max_length=10, choices=Role.choices)
    token = EncryptedTextField()
    token_hash = models.CharField(max_length=64, unique=True)
    password_hash = models.CharField(max_length=128, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # Owners are people: a document must not change hands with who learns an address.
            models.CheckConstraint(condition=~models.Q(role="owner"), name="document_not_owned_by_link"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.document_id} by link"

    def stands(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


class LinkVisit(models.Model):
    """Somebody opened a link (and gave its password): they hold its role for as long as it stands."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="visits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="link_visits")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["link", "user"], name="link_visit_once_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} by {self.link_id}"


class DocumentWriting(Writing):
    """What the writing tools respect in one document, whoever writes."""

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.CASCADE, related_name="writing")

    def __str__(self) -> str:
        return f"writing of {self.document_id}"


class CommentThread(models.Model):
    """A passage that people talk about, outside of the text: who may comment need not be able to edit.

    `anchor`: two Yjs relative positions with the characters around them, opaque here; None where the whole document is
    meant. `quote`: what stood there when the thread began. `made_by` is None when the account was deleted outright.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="comment_threads")
    anchor = EncryptedJSONField(null=True, blank=True)
    quote = EncryptedTextField(default=str)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes: ClassVar = [models.Index("document", "created_at", name="comment_thread_by_document")]

    def __str__(self) -> str:
        return f"comments {self.pk}"


class Comment(models.Model):
    """What somebody says in a thread. The first one has the thread's id.

    `mentions`: ids of people; `untold`: of those who were not told, for it was never shown. `removed_at`: by its author
    or an owner; it can be restored until the text is let go. `hold`: reviewers have it out of sight.
    """

    class Hold(models.TextChoices):
        NONE = "", "Shown"
        HELD = "held", "Waits for a reviewer"
        WITHHELD = "withheld", "Removed by a reviewer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(CommentThread, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="comments")
    body = EncryptedTextField()
    mentions = ArrayField(models.UUIDField(), default=list, blank=True)
    untold = ArrayField(models.UUIDField(), default=list, blank=True, db_default=[])
    hold = models.CharField(max_length=8, choices=Hold.choices, blank=True, default=Hold.NONE)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]
        indexes: ClassVar = [
            models.Index("removed_at", condition=models.Q(removed_at__isnull=False), name="comment_removed"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk}"
