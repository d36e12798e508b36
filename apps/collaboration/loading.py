"""Reads a document out of its log, for the event loop.

A load that ends its process (a crash inside pycrdt cannot be caught) leaves a mark in the log's row. Loads of one
document in all processes take turns behind an advisory lock, so a mark that is there when the lock is ours is a crash
and not a neighbour. After SYNC_CRASHED_LOADS_MAX of them the document is quarantined: read-only, from its snapshot.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout
from pycrdt import Doc

from apps.collaboration.database import LOAD, MAKE, StoredLog, pool, stored_log
from apps.collaboration.structure import Pairs, find_pairs, measure_nesting, unpack_pairs
from apps.core.loops import per_loop

logger = logging.getLogger(__name__)

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('document load ' || %(document)s, 0))"
MARK = """
UPDATE collaboration_documentlog SET unfinished_loads = unfinished_loads + 1 WHERE document_id = %(document)s
RETURNING unfinished_loads
"""
UNMARK = "UPDATE collaboration_documentlog SET unfinished_loads = 0 WHERE document_id = %(document)s"
QUARANTINE = """
UPDATE collaboration_documentlog SET quarantined_at = now(), unfinished_loads = 0 WHERE document_id = %(document)s
"""
NEWER_SNAPSHOT = """
SELECT l.head, l.nesting, l.snapshot_position, CASE WHEN l.snapshot_position > %(position)s THEN s.data END
FROM collaboration_documentlog l LEFT JOIN collaboration_documentsnapshot s ON s.log_id = l.document_id
WHERE l.document_id = %(document)s
"""
SINCE = """
SELECT position, data FROM collaboration_documentupdate WHERE log_id = %(document)s AND position > %(position)s
ORDER BY position
"""
HEADS = """
SELECT document_id, head, tail_bytes + snapshot_bytes, quarantined_at IS NOT NULL FROM collaboration_documentlog
WHERE document_id = ANY(%(documents)s)
"""

Connection = AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True)
class Loaded:
    """A document as it is in the log at `position`."""

    doc: "Doc[Any]"
    position: int
    nesting: int
    pairs: Pairs
    stored_bytes: int
    tail_updates: int  # that are not folded into the snapshot
    read_only: bool


@dataclass(frozen=True)
class Missing:
    """What the log has beyond some position, in order."""

    head: int
    nesting: int
    updates: Sequence[bytes]


@dataclass(frozen=True)
class Head:
    """How far a log has come."""

    head: int
    stored_bytes: int
    quarantined: bool


def build(snapshot: bytes | None, tail: Sequence[bytes]) -> "Doc[Any]":
    """Return the document of a snapshot and the updates after it. The bytes were checked before they were stored."""
    doc: Doc[Any] = Doc()
    with doc.transaction():
        for update in (*([snapshot] if snapshot else ()), *tail):
            doc.apply_update(update)
    return doc


@per_loop
def _turn() -> asyncio.Semaphore:
    return asyncio.Semaphore(settings.SYNC_LOADS_AT_ONCE)


async def load(document_id: UUID) -> Loaded | None:
    """Return the document, making its log where it has none; None when there is no such document."""
    try:
        return await _load(document_id)
    except PoolTimeout:
        raise
    except psycopg.OperationalError:  # PostgreSQL was restarted, and the connections we kept are dead
        await (await pool()).check()
        return await _load(document_id)


async def _load(document_id: UUID) -> Loaded | None:
    document = {"document": document_id}
    async with _turn(), (await pool()).connection() as connection:
        stored = await _read(connection, document_id)
        if stored is None:
            await connection.execute(MAKE, document)
            stored = await _read(connection, document_id)
        if stored is None:
            return None
        if stored.head == 0 or stored.quarantined:
            return await _build(stored)
        async with connection.transaction():
            await connection.execute(LOCK, {"document": str(document_id)})
            async with (await pool()).connection() as marking:
                return await _load_marked(marking, document_id)


async def _load_marked(connection: Connection, document_id: UUID) -> Loaded | None:
    document = {"document": document_id}
    row = await (await connection.execute(MARK, document)).fetchone()
    if row is None:
        return None
    if row[0] > settings.SYNC_CRASHED_LOADS_MAX:
        await connection.execute(QUARANTINE, document)
        logger.error("room.quarantined", extra={"document": str(document_id), "crashed_loads": row[0] - 1})
    stored = await _read(connection, document_id)
    loaded = await _build(stored) if stored else None
    await connection.execute(UNMARK, document)
    return loaded


async def _read(connection: Connection, document_id: UUID) -> StoredLog | None:
    cursor = connection.cursor(binary=True)  # text would double the bytes
    await cursor.execute(LOAD, {"document": document_id})
    return stored_log(await cursor.fetchone())


async def _build(stored: StoredLog) -> Loaded:
    """Return the document; a long tail is applied in a thread, 5 µs for each update."""
    if len(stored.tail) > settings.SYNC_LOAD_IN_THREAD_UPDATES:
        return await asyncio.to_thread(_loaded, stored)
    return _loaded(stored)


def _loaded(stored: StoredLog) -> Loaded:
    tail = [] if stored.quarantined else stored.tail
    doc = build(stored.snapshot, tail)
    nesting = stored.nesting
    if nesting > settings.SYNC_REMEASURE_NESTING:
        nesting = measure_nesting(doc.get_update())
    position = stored.snapshot_position if stored.quarantined else stored.head
    pairs = unpack_pairs(stored.pairs) if stored.pairs else {}
    for update in tail:
        for client, clocks in find_pairs(update).items():
            pairs.setdefault(client, set()).update(clocks)
    return Loaded(doc, position, nesting, pairs, stored.stored_bytes, len(tail), stored.quarantined)


async def read_since(document_id: UUID, position: int) -> Missing | None:
    """Return what the log has after `position`; the snapshot too where that is newer. None when there is no log."""
    async with (await pool()).connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor = connection.cursor(binary=True)
        parameters = {"document": document_id, "position": position}
        await cursor.execute(
            NEWER_SNAPSHOT,
            parameters,
        )
        row = await cursor.fetchone()
        if row is None:
            return None
        head, nesting, snapshot_position, snapshot = row
        await cursor.execute(SINCE, {**parameters, "position": max(position, snapshot_position)})
        tail = [bytes(data) for _, data in await cursor.fetchall()]
        return Missing(head, nesting, [*([bytes(snapshot)] if snapshot is not None else []), *tail])


async def read_heads(document_ids: Sequence[UUID]) -> dict[UUID, Head]:
    """Return how far each log has come; one query."""
    async with (await pool()).connection() as connection:
        rows = await (await connection.execute(HEADS, {"documents": list(document_ids)})).fetchall()
    return {row[0]: Head(*row[1:]) for row in rows}
