"""What is written into a document's log from outside of a room."""

import logging
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from pycrdt import Doc, Map

from apps.collaboration.database import APPEND, LOAD, MAKE, NewUpdate, append_parameters, stored_log
from apps.collaboration.loading import build
from apps.collaboration.relay import NOBODY, channel, updates_notice
from apps.core.errors import NotFound
from apps.core.redis import sync_redis

logger = logging.getLogger(__name__)

META, TITLE = "meta", "title"


def read_document(document_id: UUID) -> "Doc[Any]":
    """Return the document as it is in its log: a copy, nobody hears of what is done to it."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD, {"document": document_id})
        stored = stored_log(cursor.fetchone())
    if stored is None:
        return Doc()
    return build(stored.snapshot, [] if stored.quarantined else stored.tail)


def append_update(document_id: UUID, update: bytes, *, user_id: UUID | None, nesting: int = 0) -> int:
    """Append an update of our own making to the log, and tell the rooms on commit; return its position.

    `nesting`: how deep its deepest item lies. Raises NotFound.
    Rooms that do not hear of it find it within SYNC_REPAIR_SECONDS.
    """
    new = NewUpdate(document_id, update, user_id, nesting)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(MAKE, {"document": document_id})
            cursor.execute(APPEND, append_parameters([new]))
            row = cursor.fetchone()
        if row is None:
            raise NotFound("There is no such document.")
        notice = updates_notice(NOBODY, row[1] + 1, [update])
        transaction.on_commit(lambda: _publish(document_id, notice), robust=True)
        position: int = row[1] + 1
        return position


def _publish(document_id: UUID, notice: bytes) -> None:
    sync_redis().publish(channel(document_id), notice)


def set_title(document_id: UUID, title: str, *, user_id: UUID | None) -> None:
    """Set the shared title, as one more edit."""
    doc = read_document(document_id)
    meta = doc.get(META, type=Map)
    if meta.get(TITLE) == title:
        return
    before = doc.get_state()
    meta[TITLE] = title
    append_update(document_id, doc.get_update(before), user_id=user_id)
