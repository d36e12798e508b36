"""The audit trail: an append-only chain of sensitive actions. Written by `apps.moderation.audit` only."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.core.encryption import EncryptedTextField

ACTION_MAX_CHARACTERS = 60
KIND_MAX_CHARACTERS = 60
ID_MAX_CHARACTERS = 64
HASH_CHARACTERS = 64  # SHA-256 in hexadecimal


class AuditRecord(models.Model):
    """One sensitive action; never changed, never removed (PostgreSQL refuses it).

    `payload` is what is hashed: canonical JSON of everything but the chain itself. The columns before it repeat parts
    of it for search. Of `address` it has a salted hash, so that the address can be erased and the chain still holds.
    `seq`, `previous_hash` and `hash` are given by PostgreSQL at the commit: see the migration.
    """

    action = models.CharField(max_length=ACTION_MAX_CHARACTERS)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    target_kind = models.CharField(max_length=KIND_MAX_CHARACTERS, blank=True)
    target_id = models.CharField(max_length=ID_MAX_CHARACTERS, blank=True)
    request_id = models.CharField(max_length=ID_MAX_CHARACTERS, blank=True)
    created_at = models.DateTimeField()
    address = models.CharField(max_length=ID_MAX_CHARACTERS, blank=True)
    salt = models.CharField(max_length=32, blank=True)
    payload = models.TextField()

    seq = models.PositiveBigIntegerField(null=True, unique=True)
    previous_hash = models.CharField(max_length=HASH_CHARACTERS, blank=True)
    hash = models.CharField(max_length=HASH_CHARACTERS, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
            models.Index(fields=["target_id", "id"], name="audit_by_target"),
            models.Index(fields=["action", "id"], name="audit_by_action"),
            models.Index(fields=["created_at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_kind} {self.target_id}".strip()

    def save(self, **options: Any) -> None:
        """Only ever insert; PostgreSQL refuses anything else too."""
        super().save(**{**options, "force_insert": True})


class AuditHead(models.Model):
    """The end of the chain, one row: who extends the chain holds its lock until the commit has ended."""

    seq = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=HASH_CHARACTERS)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"


class AuditAnchor(models.Model):
    """A witness that the chain had this end: encrypted, so that the database alone cannot make another."""

    sealed = EncryptedTextField()  # "<seq> <hash>"
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"anchor of {self.created_at:%Y-%m-%d %H:%M}"
