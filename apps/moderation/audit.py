"""The audit trail: writing a record, and proving that nobody changed one.

A record is inserted in the transaction of what it records, and PostgreSQL chains it at the commit (a deferred trigger,
see the migration): the head of the chain is locked for the commit alone, not while the transaction works, so writers
wait for each other's commits and for nothing else, and take no lock that another transaction could wait for meanwhile.
"""

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.deeds import Deed
from apps.core.origin import current_origin
from apps.moderation.models import AuditAnchor, AuditHead, AuditRecord

logger = logging.getLogger(__name__)

GENESIS = "0" * 64  # what the first record follows
VERSION = 1
BATCH_ROWS = 2_000
PAYLOAD_COLUMNS = ("action", "actor", "target_kind", "target_id", "request_id", "at")


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and without spaces: the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def link_hash(seq: int, previous_hash: str, payload: str) -> str:
    """Return the hash of a record; PostgreSQL computes the same."""
    return hashlib.sha256(f"{seq}\n{previous_hash}\n{payload}".encode()).hexdigest()


def _address_hash(salt: str, address: str) -> str:
    return hashlib.sha256(f"{salt}\n{address}".encode()).hexdigest()


def record(deed: Deed) -> AuditRecord:
    """Write `deed` down, in the caller's transaction where there is one."""
    origin = current_origin()
    now = timezone.now()
    salt = secrets.token_hex(16) if origin.address else ""
    actor_id = deed.actor_id or origin.actor_id
    kind, target_id = deed.target or ("", "")
    payload: dict[str, Any] = {
        "v": VERSION,
        "action": deed.action,
        "actor": str(actor_id) if actor_id else "",
        "target_kind": kind,
        "target_id": target_id,
        "request_id": "" if origin.request_id == "-" else origin.request_id,
        "at": now.astimezone(UTC).isoformat(),
        "address": _address_hash(salt, origin.address) if origin.address else "",
        "detail": deed.detail,
    }
    made = AuditRecord(
        action=deed.action,
        actor_id=actor_id,
        target_kind=kind,
        target_id=target_id,
        request_id=payload["request_id"],
        created_at=now,
        address=origin.address,
        salt=salt,
        payload=canonical(payload),
    )
    made.save()
    return made


def detail_of(written: AuditRecord) -> dict[str, Any]:
    """Return what a record says beside its columns."""
    found: dict[str, Any] = json.loads(written.payload).get("detail", {})
    return found


# ---------------------------------------------------------------- proving


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written. `seq` and `row` are None where no row is meant."""

    seq: int | None
    row: int | None
    problem: str

    def __str__(self) -> str:
        where = f"record {self.seq}" if self.seq is not None else "the chain"
        return f"{where}{f' (row {self.row})' if self.row is not None else ''}: {self.problem}"


class _Walk:
    """One pass along the chain, oldest first."""

    def __init__(self, anchors: dict[int, str]) -> None:
        self.seq = 0
        self.hash = GENESIS
        self._anchors = anchors

    def step(self, written: AuditRecord) -> Iterator[Finding]:
        assert written.seq is not None
        if written.seq != self.seq + 1:
            yield Finding(self.seq + 1, None, f"missing: record {written.seq} follows record {self.seq}")
        if written.previous_hash != self.hash:
            yield Finding(written.seq, written.pk, "does not follow the record before it")
        true_hash = link_hash(written.seq, written.previous_hash, written.payload)
        if written.hash != true_hash:
            yield Finding(written.seq, written.pk, "was altered: its hash does not fit its content")
        yield from _columns(written)
        if self._anchors.pop(written.seq, written.hash) != written.hash:
            yield Finding(written.seq, written.pk, "is not the one that was witnessed (the chain was rewritten)")
        self.seq, self.hash = written.seq, written.hash

    def end(self, head: AuditHead | None) -> Iterator[Finding]:
        ended = (head.seq, head.hash) if head else (0, GENESIS)
        if ended != (self.seq, self.hash):
            yield Finding(None, None, f"ends at record {self.seq}, and its head names record {ended[0]}")
        for seq in sorted(self._anchors):
            yield Finding(seq, None, "was witnessed and is gone")


def _columns(written: AuditRecord) -> Iterator[Finding]:
    """Compare the columns that are searched with the payload that is hashed."""
    try:
        payload = json.loads(written.payload)
    except ValueError:
        yield Finding(written.seq, written.pk, "was altered: its content is not JSON")
        return
    columns = {
        "action": written.action,
        "actor": str(written.actor_id or ""),
        "target_kind": written.target_kind,
        "target_id": written.target_id,
        "request_id": written.request_id,
        "at": written.created_at.astimezone(UTC).isoformat(),
    }
    for name in PAYLOAD_COLUMNS:
        if payload.get(name) != columns[name]:
            yield Finding(written.seq, written.pk, f"was altered: the column {name} differs from what was hashed")
    if written.address:
        if payload.get("address") != _address_hash(written.salt, written.address):
            yield Finding(written.seq, written.pk, "was altered: the address differs from what was hashed")
    elif payload.get("address") and not _may_lack_address(written):
        yield Finding(written.seq, written.pk, "was altered: its address is gone before its time")


def _may_lack_address(written: AuditRecord) -> bool:
    """Say whether the address was to be erased: after a time, and with the account of whom it led to."""
    if written.created_at < address_limit():
        return True
    involved = [str(one) for one in (written.actor_id, written.target_id if written.target_kind == "user" else "")]
    return AuditRecord.objects.filter(action="user.erased", target_id__in=involved).exists()


def address_limit(now: datetime | None = None) -> datetime:
    """Return before when records lose their addresses."""
    return (now or timezone.now()) - timedelta(days=settings.AUDIT_ADDRESS_DAYS)


def verify(expected: str = "") -> Iterator[Finding]:
    """Yield everything that is not as it was written, in the order of the chain, as of one moment.

    `expected`: a hash that was noted elsewhere (`audit head`); it has to be in the chain.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        anchors: dict[int, str] = {}
        for anchor_id in AuditAnchor.objects.values_list("pk", flat=True):
            try:
                seq, hash_ = AuditAnchor.objects.get(pk=anchor_id).sealed.split()
                anchors[int(seq)] = hash_
            except (InvalidToken, ValueError):
                yield Finding(None, None, f"its witness {anchor_id} cannot be read with the keys here")
        walk = _Walk(anchors)
        chained = AuditRecord.objects.exclude(seq=None).order_by("seq")
        for written in chained.iterator(BATCH_ROWS):
            expected = "" if hmac.compare_digest(written.hash, expected) else expected
            yield from walk.step(written)
        yield from walk.end(AuditHead.objects.first())
        for written in AuditRecord.objects.filter(seq=None).order_by("pk"):
            yield Finding(None, written.pk, "was put in beside the chain")
        if expected:
            yield Finding(None, None, "does not have the expected hash")


def head() -> tuple[int, str]:
    """Return the number and hash of the last record."""
    found = AuditHead.objects.first()
    return (found.seq, found.hash) if found else (0, GENESIS)


def anchor() -> AuditAnchor | None:
    """Witness the end of the chain in a sealed row and in the log; None where nothing was added since the last."""
    seq, hash_ = head()
    last = AuditAnchor.objects.order_by("-pk").first()
    sealed = f"{seq} {hash_}"
    if seq == 0 or (last is not None and last.sealed == sealed):
        return None
    logger.info("audit.anchored", extra={"seq": seq, "hash": hash_})
    return AuditAnchor.objects.create(sealed=sealed)


def erase_addresses(user: User | None = None) -> int:
    """Blank the addresses of old records, or all that lead to `user`; return how many. The chain still holds."""
    found = AuditRecord.objects.exclude(address="")
    found = found.filter(created_at__lt=address_limit()) if user is None else _about(found, user)
    return found.update(address="", salt="")


def _about(found: Any, user: User) -> Any:
    return found.filter(actor_id=user.pk) | found.filter(target_kind="user", target_id=str(user.pk))
