"""Log 1: what was typed into a document, in the order of commits; and how it read at moments people go back to."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.documents.models import Document

VERSION_NAME_MAX_CHARACTERS = 100


class DocumentLog(models.Model):
    """The state of one document's log. Whoever appends or compacts holds this row's lock.

    `head` is the position of the last update; positions start at 1 and have no gaps. What lies at or before
    `snapshot_position` is folded into the snapshot and its rows are gone.

    `version_position`: how far the newest version goes. Of what came after it and was folded already, the log keeps who
    wrote it (`unversioned_authors`) and when that began (`unversioned_since`).
    """

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.CASCADE, related_name="log")
    head = models.BigIntegerField(default=0)
    snapshot_position = models.BigIntegerField(default=0)
    projected_position = models.BigIntegerField(default=0)
    snapshot_bytes = models.BigIntegerField(default=0)
    tail_bytes = models.BigIntegerField(default=0)
    nesting = models.PositiveIntegerField(default=0)  # upper bound of how deep shared types lie inside each other
    unfinished_loads = models.PositiveIntegerField(default=0)  # loads whose process ended before they did
    quarantined_at = models.DateTimeField(null=True, blank=True)  # since then: read-only, from the snapshot alone
    # With defaults of the database: the statements that make logs do not name them.
    last_version = models.PositiveIntegerField(default=0, db_default=0)  # the newest number; none is given twice
    version_position = models.BigIntegerField(default=0, db_default=0)
    unversioned_authors: "ArrayField[list[uuid.UUID], list[uuid.UUID]]" = ArrayField(
        models.UUIDField(), default=list, db_default=[]
    )
    unversioned_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The sweep asks every few seconds; the index is empty while nothing is to be done.
            models.Index(fields=["document"], name="log_to_project", condition=Q(head__gt=F("projected_position"))),
            models.Index(fields=["document"], name="log_to_version", condition=Q(head__gt=F("version_position"))),
        ]

    def __str__(self) -> str:
        return f"log of {self.document_id} at {self.head}"


class DocumentUpdate(models.Model):
    """One committed Yjs update (v1), as its client sent it."""

    pk = models.CompositePrimaryKey("log_id", "position")
    log = models.ForeignKey(DocumentLog, on_delete=models.CASCADE, related_name="updates", db_index=False)
    position = models.BigIntegerField()
    data = models.BinaryField()
    author_id = models.UUIDField(null=True)  # no foreign key: an account may be gone, what it wrote stays
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"update {self.position} of {self.log_id}"


class DocumentSnapshot(models.Model):
    """Everything up to `position`, as one Yjs update (v1) that was loaded once before it was stored."""

    log = models.OneToOneField(DocumentLog, primary_key=True, on_delete=models.CASCADE, related_name="snapshot")
    position = models.BigIntegerField()
    data = models.BinaryField()
    pairs = models.BinaryField(default=b"")  # where surrogate pairs are in it (`structure.pack_pairs`)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"snapshot of {self.log_id} at {self.position}"


class VersionKind(models.TextChoices):
    """How a version came to be."""

    AUTOMATIC = "automatic"
    NAMED = "named"
    RESTORED = "restored"


class DocumentVersion(models.Model):
    """How a document read at `position` of its log. `number` counts from 1 in each document; those removed leave gaps.

    `author_ids`: who wrote what came since the version before; no foreign keys, as in `DocumentUpdate`. `made_by_id`:
    who named or restored it, None for one that came by itself.
    """

    log = models.ForeignKey(DocumentLog, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    position = models.BigIntegerField()
    state = models.BinaryField()  # everything up to `position` as one Yjs update (v1), deflated
    stored_bytes = models.PositiveIntegerField()  # of `state`
    digest = models.BinaryField()  # of what is read in it (`content.exact.digest`)
    kind = models.CharField(max_length=10, choices=VersionKind.choices)
    name = models.CharField(max_length=VERSION_NAME_MAX_CHARACTERS, blank=True)
    author_ids: "ArrayField[list[uuid.UUID], list[uuid.UUID]]" = ArrayField(models.UUIDField(), default=list)
    made_by_id = models.UUIDField(null=True)
    restored_from = models.PositiveIntegerField(null=True)  # the number of the version that it reads like
    settles_at = models.DateTimeField(null=True)  # when it has to be looked what was typed while it was brought back
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["log", "number"], name="version_number_once_per_document"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["log"], name="version_to_settle", condition=Q(settles_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.log_id}"
