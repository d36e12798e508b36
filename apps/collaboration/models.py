"""Log 1: what was typed into a document, in the order of commits."""

from django.db import models

from apps.documents.models import Document


class DocumentLog(models.Model):
    """The state of one document's log. Whoever appends or compacts holds this row's lock.

    `head` is the position of the last update; positions start at 1 and have no gaps. What lies at or before
    `snapshot_position` is folded into the snapshot and its rows are gone.
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

    class Meta:
        indexes = [
            # The sweep asks every few seconds; the index is empty while nothing is to be done.
            models.Index(
                fields=["document"], name="log_to_project", condition=models.Q(head__gt=models.F("projected_position"))
            ),
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
