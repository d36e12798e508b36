"""Reads a document as text, and merges a changed text into it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from pycrdt import Doc, TransactionEvent, XmlFragment

from apps.collaboration.content.errors import PreconditionFailed
from apps.collaboration.content.markdown import block_markdown
from apps.collaboration.content.merging import merge_blocks
from apps.collaboration.content.parsing import parse
from apps.collaboration.content.tree import Element, is_flattened, read_blocks
from apps.collaboration.database import LOAD, StoredLog, stored_log
from apps.collaboration.loading import build
from apps.collaboration.projection import CONTENT
from apps.collaboration.services import append_update
from apps.collaboration.structure import measure_nesting
from apps.core.errors import Conflict, InterlineError, TooLarge
from apps.moderation.given_texts import note_given_text

logger = logging.getLogger(__name__)

STALE = "The document has changed too much since then. Read it again, and change that."


@dataclass(frozen=True)
class Version:
    """A document as it is in its log at `position`. `is_read_only`: nothing can be written to it now."""

    doc: "Doc[Any]"
    position: int
    stored_bytes: int = 0
    is_read_only: bool = False


@dataclass(frozen=True)
class Merged:
    """What became of a text. `position`: of the log, with the edit in it."""

    position: int
    changed: bool


def read_version(document_id: UUID, *, at: int | None = None) -> Version:
    """Return the document as it is now, or as it was `at` a position. Raises PreconditionFailed for one long gone."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD, {"document": document_id})
        stored = stored_log(cursor.fetchone())
    if stored is None:
        if at:
            raise PreconditionFailed(STALE)
        return Version(Doc(), 0)
    return _version(stored, at)


def _version(stored: StoredLog, at: int | None) -> Version:
    head = stored.snapshot_position if stored.quarantined else stored.head
    position = head if at is None else at
    if not stored.snapshot_position <= position <= head:
        raise PreconditionFailed(STALE)
    tail = stored.tail[: position - stored.snapshot_position]
    return Version(build(stored.snapshot, tail), position, stored.stored_bytes, stored.quarantined)


def merge_markdown(document_id: UUID, markdown: str, *, user_id: UUID, base: int | None = None) -> Merged:
    """Make the document read as `markdown`, in one edit that leaves alone what does not change.

    `base`: the position at which the text was read that was changed; what others wrote since then stays. Without it,
    what the document has now and `markdown` has not is removed.

    Raises TooLarge, Invalid (nested too deeply), Conflict (not writable), PreconditionFailed and NotFound.
    """
    size = len(markdown.encode(errors="surrogatepass"))
    if size > settings.CONTENT_MAX_BYTES:
        raise TooLarge(f"A text has at most {settings.CONTENT_MAX_BYTES:,} bytes.")
    blocks = parse(markdown)
    version = read_version(document_id, at=base)
    if version.is_read_only:
        raise Conflict("This document is damaged and can only be read. Nothing was changed.")
    try:
        update = _edit(version.doc, blocks)
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic in pycrdt is no Exception
        logger.exception("content.merge_failed", extra={"document": str(document_id)})
        raise InterlineError("The text could not be merged. Nothing was changed.") from None
    if update is None:
        return Merged(version.position, False)
    if version.stored_bytes + len(update) > settings.SYNC_MAX_DOCUMENT_BYTES:
        raise TooLarge("The document is full.")
    nesting = measure_nesting(version.doc.get_update())
    position = append_update(document_id, update, user_id=user_id, nesting=nesting)
    transaction.on_commit(partial(note_given_text, document_id, user_id, markdown), robust=True)
    logger.info("content.merged", extra={"document": str(document_id), "bytes": size, "update": len(update)})
    return Merged(position, True)


def _edit(doc: "Doc[Any]", blocks: list[Element]) -> bytes | None:
    """Edit `doc` and return the update; None where nothing differs."""
    old = read_blocks(doc)
    if is_flattened(old):
        raise Conflict("This document is nested too deeply to be written as Markdown. Nothing was changed.")
    updates: list[bytes] = []
    subscription = doc.observe(_keep(updates))
    with doc.transaction():
        merge_blocks(doc.get(CONTENT, type=XmlFragment), old, blocks, _as_markdown_reads)
    doc.unobserve(subscription)
    return updates[0] if updates else None


def _keep(updates: list[bytes]) -> Callable[[TransactionEvent], None]:
    def keep(event: TransactionEvent) -> None:
        updates.append(event.update)

    return keep


def _as_markdown_reads(block: Element) -> Element | None:
    """Return a block as somebody sees it who reads its Markdown; None where that is not one block."""
    blocks = parse(block_markdown(block))
    return blocks[0] if len(blocks) == 1 else None
