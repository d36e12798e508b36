"""Saves what others were typing while a version was brought back, into blocks that it removed.

To Yjs, words that are typed into a paragraph which somebody else removes at the same time are removed too. So a while
after a restoring the log is read once more without it: letters that came meanwhile and would stand there, but are
removed in the document, are put at its end. Our own pages write them again themselves, where they belong: what stands
again is left alone.
"""

import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from apps.collaboration.frames import read_state_vector
from apps.collaboration.loading import build
from apps.collaboration.models import DocumentLog, DocumentUpdate, DocumentVersion
from apps.collaboration.projection import CONTENT
from apps.collaboration.services import append_update, read_document
from apps.collaboration.structure import Ranges, covers, read_deleted, read_strings

logger = logging.getLogger(__name__)


@dataclass
class Saved:
    """Letters of one client that came one after the other: the last of them at `end`."""

    text: str
    client: int
    end: int
    author_id: UUID | None


def unsettled() -> QuerySet[DocumentLog]:
    """Return the logs in which a version was brought back and it was not yet looked what others typed meanwhile."""
    due = DocumentVersion.objects.filter(settles_at__lte=timezone.now())
    return DocumentLog.objects.filter(pk__in=due.values("log_id"))


def is_unsettled(document_id: UUID) -> bool:
    """Whether the log's rows are still needed one by one, for a limited time."""
    since = timezone.now() - timedelta(seconds=settings.VERSION_SETTLE_MAX_SECONDS)
    return DocumentVersion.objects.filter(log_id=document_id, settles_at__gt=since).exists()


def settle(document_id: UUID) -> None:
    """Put what others typed into blocks that were being removed at the end of the document. Idempotent."""
    due = DocumentVersion.objects.filter(log_id=document_id, settles_at__lte=timezone.now()).order_by("number")
    for number in due.values_list("number", flat=True):
        with transaction.atomic():
            restored = due.select_for_update(skip_locked=True).filter(number=number).first()
            if restored is None:
                continue
            for saved in _lost(restored):
                _put_back(document_id, saved)
            restored.settles_at = None
            restored.save(update_fields=["settles_at"])


def _lost(restored: DocumentVersion) -> list[Saved]:
    before = DocumentVersion.objects.filter(log_id=restored.log_id, number=restored.number - 1).first()
    log = DocumentLog.objects.get(pk=restored.log_id)
    if before is None or log.snapshot_position > before.position:
        return []  # folded meanwhile: only where this was not looked at for long
    rows = log.updates.filter(position__gt=before.position).exclude(position=restored.position).order_by("position")
    meanwhile = [(bytes(data), author) for data, author in rows.values_list("data", "author_id")]
    without = build(zlib.decompress(bytes(before.state)), [data for data, _ in meanwhile])
    known = read_state_vector(without.get_state())
    removed = read_deleted(read_document(restored.log_id).get_update())
    by_others = read_deleted(without.get_update())
    found: list[Saved] = []
    for data, author in meanwhile:
        for client, clock, text in read_strings(data):
            for at, letter in _letters(clock, text):
                is_lost = at < known.get(client, 0) and covers(removed, client, at)
                if is_lost and not covers(by_others, client, at):
                    _add(found, Saved(letter, client, at + _units(letter), author))
    again = _written_again(rows.filter(position__gt=restored.position), removed)
    return [saved for saved in found if saved.text.strip() and not _stands(saved, again)]


def _written_again(rows: QuerySet[DocumentUpdate], removed: Ranges) -> dict[int, list[str]]:
    """Return what clients wrote in `rows` that stands, in pieces."""
    pieces: dict[int, list[str]] = {}
    for data in rows.values_list("data", flat=True):
        for client, clock, text in read_strings(bytes(data)):
            if not any(covers(removed, client, at) for at, _ in _letters(clock, text)):
                pieces.setdefault(client, []).append(text)
    return pieces


def _stands(saved: Saved, again: dict[int, list[str]]) -> bool:
    return any(saved.text in piece for piece in again.get(saved.client, ()))


def _letters(clock: int, text: str) -> Iterator[tuple[int, str]]:
    for letter in text:
        yield clock, letter
        clock += _units(letter)


def _units(letter: str) -> int:
    """Return how many units of UTF-16 it takes: clocks count those."""
    return 2 if ord(letter) > 0xFFFF else 1


def _add(found: list[Saved], saved: Saved) -> None:
    last = found[-1] if found else None
    if last and (last.client, last.author_id) == (saved.client, saved.author_id):
        last.text += saved.text
        last.end = saved.end
    else:
        found.append(saved)


def _put_back(document_id: UUID, saved: Saved) -> None:
    doc: Doc[Any] = read_document(document_id)
    before = doc.get_state()
    doc.get(CONTENT, type=XmlFragment).children.append(XmlElement("paragraph", None, [XmlText(saved.text)]))
    append_update(document_id, doc.get_update(before), user_id=saved.author_id, nesting=2)
    logger.info("version.saved_words", extra={"document": str(document_id), "characters": len(saved.text)})
