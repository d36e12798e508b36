"""Writes the updates of all rooms of a process into the log: many in one transaction (group commit).

The first update after a pause is committed at once; while more come, those of `SYNC_JOURNAL_SECONDS` go together, or
of `SYNC_JOURNAL_SHARED_SECONDS` where another process waits for them.
While PostgreSQL is away nothing is acknowledged and nothing is lost: entries wait, up to a bound, and are tried again.
A commit whose answer was lost is tried again too: the same update twice in the log changes nothing.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from psycopg_pool import PoolTimeout

from apps.collaboration import metrics
from apps.collaboration.connections import Connection
from apps.collaboration.database import APPEND, NewUpdate, append_parameters, pool
from apps.core.shutdown import on_last_call, on_shutdown

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Entry:
    """An update on its way into the log. Without data: only a place in the order, for an acknowledgement."""

    room: "JournalRoom"
    data: bytes | None
    author_id: UUID | None
    nesting: int
    connection: Connection
    count: int


class JournalRoom(Protocol):
    """What the journal needs of a room."""

    document_id: UUID

    def has_peers(self) -> bool: ...

    def committed(self, before: int, entries: Sequence[Entry]) -> None:
        """Hear that `entries` are in the log; the first of them with data at position `before` + 1."""

    def vanished(self) -> None:
        """Hear that the document was deleted."""

    def refused(self) -> None:
        """Hear that the database does not take what is uncommitted."""


class Journal:
    """The updates of one process that are not committed yet."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._oldest_at: float | None = None  # of those that are not committed; never too early
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._hurry: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name="journal")
        metrics.WAITING.set_function(self._entries.__len__)
        metrics.OLDEST.set_function(self._oldest_seconds)
        on_last_call(self.flush)
        on_shutdown(self.flush)

    @property
    def is_full(self) -> bool:
        return self._bytes > settings.SYNC_JOURNAL_MAX_BYTES

    def _oldest_seconds(self) -> float:
        oldest_at = self._oldest_at
        return 0.0 if oldest_at is None else time.monotonic() - oldest_at

    def append(self, entry: Entry) -> None:
        if self._oldest_at is None:
            self._oldest_at = time.monotonic()
        self._entries.append(entry)
        self._bytes += len(entry.data or b"")
        self._idle.clear()
        self._wake.set()

    async def flush(self) -> None:
        """Wait until everything is committed, within SYNC_JOURNAL_FLUSH_SECONDS."""
        if not self._hurry.done():
            self._hurry.set_result(None)
        try:
            await asyncio.wait_for(self._idle.wait(), settings.SYNC_JOURNAL_FLUSH_SECONDS)
        except TimeoutError:
            logger.error("journal.not_flushed", extra={"updates": len(self._entries), "bytes": self._bytes})

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._entries:
                batch = self._take_batch()
                try:
                    await self._write(batch)
                except Exception:
                    logger.exception("journal.failed")
                self._oldest_at = time.monotonic() if self._entries else None
                await self._gather(batch)
            self._idle.set()

    async def _gather(self, batch: list[Entry]) -> None:
        """Let more come after `batch`, so that it goes in one transaction; when the process ends, not a moment."""
        is_shared = any(entry.room.has_peers() for entry in batch)
        seconds = settings.SYNC_JOURNAL_SHARED_SECONDS if is_shared else settings.SYNC_JOURNAL_SECONDS
        await asyncio.wait([self._hurry], timeout=seconds)

    def _take_batch(self) -> list[Entry]:
        batch: list[Entry] = []
        size = 0
        while self._entries and len(batch) < settings.SYNC_JOURNAL_BATCH_ROWS:
            size += len(self._entries[0].data or b"")
            if batch and size > settings.SYNC_JOURNAL_BATCH_BYTES:
                break
            batch.append(self._entries.popleft())
        return batch

    async def _write(self, batch: list[Entry]) -> None:
        """Commit `batch`, however long it takes, and tell the rooms."""
        by_room: dict[JournalRoom, list[Entry]] = {}
        for entry in batch:
            by_room.setdefault(entry.room, []).append(entry)
        try:
            before = await self._commit(batch)
        except psycopg.Error:
            # Not the connection's fault: one of the rooms has something the database refuses. Find out which.
            if len(by_room) > 1:
                for entries in by_room.values():
                    await self._write(entries)
                return
            logger.exception("journal.refused", extra={"document": str(batch[0].room.document_id)})
            self._bytes -= sum(len(entry.data or b"") for entry in batch)
            batch[0].room.refused()
            return
        self._bytes -= sum(len(entry.data or b"") for entry in batch)
        for room, entries in by_room.items():
            self._tell(room, entries, before)

    @staticmethod
    def _tell(room: JournalRoom, entries: list[Entry], before: dict[UUID, int]) -> None:
        try:
            if any(entry.data is not None for entry in entries) and room.document_id not in before:
                room.vanished()
            else:
                room.committed(before.get(room.document_id, 0), entries)
        except Exception:
            logger.exception("journal.tell_failed", extra={"document": str(room.document_id)})

    async def _commit(self, batch: list[Entry]) -> dict[UUID, int]:
        """Return each document's position before this batch; a document that is not in it was deleted."""
        updates = [
            NewUpdate(entry.room.document_id, entry.data, entry.author_id, entry.nesting)
            for entry in batch
            if entry.data is not None
        ]
        if not updates:
            return {}
        parameters = append_parameters(updates)
        started = time.perf_counter()
        while True:
            try:
                async with (await pool()).connection() as connection:
                    cursor = await connection.execute(APPEND, parameters, prepare=True)
                    positions: dict[UUID, int] = dict(await cursor.fetchall())
                metrics.COMMITTED.observe(time.perf_counter() - started)
                metrics.UPDATES.inc(len(updates))
                return positions
            except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
                logger.warning("journal.database_away", extra={"updates": len(updates), "error": type(error).__name__})
                await asyncio.sleep(settings.SYNC_JOURNAL_RETRY_SECONDS)


_journals: "WeakKeyDictionary[asyncio.AbstractEventLoop, Journal]" = WeakKeyDictionary()


def journal() -> Journal:
    """Return the running loop's journal."""
    loop = asyncio.get_running_loop()
    if loop not in _journals:
        _journals[loop] = Journal()
    return _journals[loop]
