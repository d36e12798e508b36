"""Folds a long tail of updates into the snapshot, so that opening a document costs the same whatever its history."""

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.collaboration.frames import read_state_vector
from apps.collaboration.loading import build
from apps.collaboration.models import DocumentLog, DocumentSnapshot, DocumentUpdate
from apps.collaboration.structure import find_pairs, measure_nesting, pack_pairs
from apps.collaboration.versions.saving import is_unsettled

logger = logging.getLogger(__name__)


FOLDED = [
    *("snapshot_position", "snapshot_bytes", "tail_bytes", "nesting"),
    *("unversioned_authors", "unversioned_since"),
]


class UnsoundSnapshot(Exception):
    """What was folded does not load to the same document; nothing was changed."""


def compact(document_id: UUID) -> bool:
    """Fold all updates there are now, and say whether that was done. Idempotent; runs beside writers.

    The result is loaded once before anything is deleted, and only what was folded is deleted.
    """
    log = DocumentLog.objects.filter(pk=document_id, quarantined_at=None).first()
    if log is None or log.head == log.snapshot_position or is_unsettled(document_id):
        return False
    snapshot = DocumentSnapshot.objects.filter(log=log).first()
    if (snapshot.position if snapshot else 0) != log.snapshot_position:
        return False  # another run came between the two reads
    rows = log.updates.filter(position__lte=log.head).order_by("position").values_list("data", flat=True)
    tail = [bytes(data) for data in rows]
    if len(tail) != log.head - log.snapshot_position:
        return False
    doc = build(bytes(snapshot.data) if snapshot else None, tail)
    state = doc.get_update()
    if read_state_vector(build(state, []).get_state()) != read_state_vector(doc.get_state()):
        raise UnsoundSnapshot(str(document_id))
    nesting, pairs = measure_nesting(state), pack_pairs(find_pairs(state))
    with transaction.atomic():
        locked = DocumentLog.objects.select_for_update().filter(pk=document_id).first()
        if locked is None or locked.snapshot_position != log.snapshot_position:
            return False
        DocumentSnapshot.objects.update_or_create(
            log=locked, defaults={"position": log.head, "data": state, "pairs": pairs, "created_at": timezone.now()}
        )
        _keep_unversioned(locked, log.head)
        # position <= what was folded: updates appended meanwhile stay
        DocumentUpdate.objects.filter(log=locked, position__lte=log.head).delete()
        locked.snapshot_position = log.head
        locked.snapshot_bytes = len(state)
        locked.tail_bytes -= sum(map(len, tail))
        if locked.head == log.head:
            locked.nesting = nesting
        locked.save(update_fields=FOLDED)
    logger.info("log.compacted", extra={"document": str(document_id), "updates": len(tail), "bytes": len(state)})
    return True


def _keep_unversioned(log: DocumentLog, end: int) -> None:
    """Note in `log` who wrote what no version has yet, up to position `end`: the rows that say so are about to go."""
    rows = log.updates.filter(position__gt=log.version_position, position__lte=end).order_by("position")
    entries = list(rows.values_list("author_id", "created_at"))
    if not entries:
        return
    authors = [*log.unversioned_authors, *(author for author, _ in entries if author)]
    log.unversioned_authors = list(dict.fromkeys(authors))
    log.unversioned_since = log.unversioned_since or entries[0][1]
