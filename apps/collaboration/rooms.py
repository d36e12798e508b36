"""Rooms: one per open document and process, a cache of the document's log with its clients around it.

An update is checked, applied, put out to the local clients at the end of the event loop's turn, and given to the
journal; when it is committed its sender is told and the rooms of other processes are. A room that finds itself behind
the log reads what it misses.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from channels.db import database_sync_to_async
from django.conf import settings
from pycrdt import Doc

from apps.collaboration import metrics
from apps.collaboration.awareness import Presence, awareness_frame
from apps.collaboration.compaction import compact
from apps.collaboration.connections import Connection, Refused
from apps.collaboration.frames import EMPTY_STATE_VECTOR, Kind, frame, read_state_vector, write_state_vector
from apps.collaboration.journal import Entry, journal
from apps.collaboration.loading import Head, load, read_heads, read_since
from apps.collaboration.projection import title
from apps.collaboration.relay import (
    NoticeKind,
    PresenceEntry,
    channel,
    hello,
    presence_notice,
    read_notice,
    relay,
    updates_notice,
)
from apps.collaboration.structure import BadUpdate, Checked, Gap, Known, Nesting, check, find_pairs
from apps.collaboration.titles import titles
from apps.collaboration.wires import Batch
from apps.core.close_codes import CloseCode
from apps.core.notices import notices
from apps.core.shutdown import on_goodbye

logger = logging.getLogger(__name__)


class DocumentMissing(Exception):
    """The document was deleted."""


class Room:
    """A document in memory. `position`: everything up to there in the log is in `doc`."""

    def __init__(self, document_id: UUID) -> None:
        self.document_id = document_id
        self.connections: set[Connection] = set()
        self.empty_since = time.monotonic()
        self.is_read_only = False
        self.position = 0
        self._doc: Doc[Any] = Doc()
        self._known = Known()
        self._bytes = 0
        self._title = ""
        self._ahead: set[int] = set()  # positions in `doc` beyond a gap
        self._head = 0  # the highest position heard of
        self._journal = journal()
        self._uncommitted: deque[Entry] = deque()
        self._clocks_before: dict[int, int] = {}  # of clients, before what is uncommitted
        self._presence = Presence(
            max_clients=settings.SYNC_PRESENCE_MAX_CLIENTS, timeout_seconds=settings.SYNC_PRESENCE_TIMEOUT_SECONDS
        )
        self._out: list[tuple[bytes, Connection | None]] = []
        self._whole_state: Batch | None = None
        self._rebuilding: asyncio.Task[None] | None = None
        self._paused: list[Connection] = []
        self._repairing = asyncio.Lock()
        self._repair_task: asyncio.Task[None] | None = None
        self._folding: asyncio.Task[None] | None = None
        self._gap_timer: asyncio.TimerHandle | None = None
        self._peer_heard_at = float("-inf")
        self._hello_said_at = float("-inf")

    # Life

    async def open(self) -> None:
        """Listen, then load. Raises DocumentMissing."""
        await notices().subscribe(channel(self.document_id), self._hear, self._interrupted)
        try:
            await self._load()
        except BaseException:
            await self.close()
            raise
        relay().publish(channel(self.document_id), hello(relay().sender))

    async def _load(self) -> None:
        started = time.perf_counter()
        loaded = await load(self.document_id)
        if loaded is None:
            raise DocumentMissing
        self._doc = loaded.doc
        self._known = Known(read_state_vector(self._doc.get_state()), Nesting(loaded.nesting), loaded.pairs)
        self._bytes = loaded.stored_bytes
        self._whole_state = None
        self._title = title(self._doc)
        self.position = loaded.position
        self._ahead.clear()
        self.is_read_only = loaded.read_only
        if loaded.tail_updates > settings.SYNC_FOLD_ON_LOAD_UPDATES and not loaded.read_only:
            self._folding = asyncio.create_task(self._fold())
        metrics.LOADED.observe(time.perf_counter() - started)
        logger.info(
            "room.loaded",
            extra={
                "document": str(self.document_id),
                "position": self.position,
                "bytes": self._bytes,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            },
        )

    async def _fold(self) -> None:
        """Fold a tail that no worker ever folded, so that the next one to load the document need not wait as long."""
        try:
            await database_sync_to_async(compact, thread_sensitive=False)(self.document_id)
        except Exception:
            logger.exception("room.not_folded", extra={"document": str(self.document_id)})

    async def close(self) -> None:
        if self._gap_timer:
            self._gap_timer.cancel()
        await notices().unsubscribe(channel(self.document_id), self._hear)

    def is_idle(self, now: float) -> bool:
        """Say whether the room may be dropped: nobody was here for a while and everything is committed."""
        is_empty = not self.connections and now - self.empty_since > settings.SYNC_ROOM_GRACE_SECONDS
        return is_empty and not self._uncommitted and not self._repairing.locked()

    def enter(self, connection: Connection) -> None:
        """Let a client in: it is asked what it has, and told who is here."""
        self.connections.add(connection)
        connection.send(self.question())
        if people := self._presence.everybody():
            connection.send(awareness_frame(people))
        connection.enter(self)

    def leave(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._tell_presence(self._presence.leave(connection), connection.person_id)
        if not self.connections:
            self.empty_since = time.monotonic()

    # What clients ask

    def question(self) -> bytes:
        """Return sync step 1: what is committed here.

        A client whose words are in memory only, since it lost its connection before they were committed, sends them
        again and is told when they are. Asked for less, it would have nothing to send, and call them saved.
        """
        if not self._clocks_before:
            return frame(Kind.STEP_1, self._doc.get_state())
        return frame(Kind.STEP_1, write_state_vector({**self._known.clocks, **self._clocks_before}))

    def state_vector(self) -> bytes:
        """Return which updates every client that keeps up has been sent."""
        return self._doc.get_state()

    def answer(self, state_vector: bytes) -> Batch:
        """Return sync step 2: what a client with `state_vector` lacks. The whole state is built once per version."""
        self._flush()  # what follows must not come before it
        if state_vector != EMPTY_STATE_VECTOR:
            return Batch([frame(Kind.STEP_2, self._difference(state_vector))])
        if self._whole_state is None:
            self._whole_state = Batch([frame(Kind.STEP_2, self._doc.get_update())])
        return self._whole_state

    def _difference(self, state_vector: bytes) -> bytes:
        """Return what a client lacks. A panic over an impossible state vector is its sender's fault alone."""
        try:
            return self._doc.get_update(state_vector)
        except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            raise
        except BaseException:
            raise Refused(CloseCode.PROTOCOL_VIOLATION, "the state vector could not be answered") from None

    # Updates of local clients

    def check(self, update: bytes) -> Checked:
        """Return what `update` would change. Raises BadUpdate and Gap. May be called in a thread."""
        return check(update, self._known, nesting_limit=settings.SYNC_MAX_NESTING)

    def would_change(self, update: bytes, checked: Checked) -> bool:
        """Say whether a checked update has anything that is not here, trying it on a copy."""
        if checked.has_new_structs:
            return True
        if not checked.has_deletes:
            return False
        copy: Doc[Any] = Doc()
        copy.apply_update(self._doc.get_update())
        return self._apply_and_compare(copy, update)

    @staticmethod
    def _apply_and_compare(doc: "Doc[Any]", update: bytes) -> bool:
        """Apply an update without new structs, and say whether it deleted anything."""
        state_vector = doc.get_state()
        before = doc.get_update(state_vector)
        doc.apply_update(update)
        return doc.get_update(state_vector) != before

    def take_update(
        self, connection: Connection, update: bytes, checked: Checked, *, count: int, may_be_old: bool
    ) -> None:
        """Apply a checked update of a local client, put it out and have it committed. Raises Refused."""
        if self.is_read_only or self._journal.is_full:
            raise Refused(CloseCode.OVERLOADED, "the document cannot be written to now")
        if self._bytes + len(update) > settings.SYNC_MAX_DOCUMENT_BYTES:
            raise Refused(CloseCode.TOO_LARGE, "the document is full")
        before = {client: self._known.clocks.get(client, 0) for client in checked.ends}
        if not self._apply(update, checked, may_be_old=may_be_old):
            self.take_nothing(connection, count=count)
            return
        for client, clock in before.items():
            self._clocks_before.setdefault(client, clock)
        self._bytes += len(update)
        self._put_out(frame(Kind.UPDATE, update), connection)
        self._record(Entry(self, update, connection.person_id, checked.deepest, connection, count))

    def take_nothing(self, connection: Connection, *, count: int) -> None:
        """Acknowledge messages that changed nothing, once everything before them is committed."""
        if not count:
            return
        if self._uncommitted:
            self._record(Entry(self, None, None, 0, connection, count))
        else:
            connection.committed(self.position, count)

    def _record(self, entry: Entry) -> None:
        self._uncommitted.append(entry)
        self._journal.append(entry)

    def _apply(self, update: bytes, checked: Checked, *, may_be_old: bool) -> bool:
        """Apply a checked update and say whether it changed anything. Raises Refused when pycrdt fails on it.

        A panic is a BaseException and may leave the document half changed: it is then built anew from the log.
        """
        if not checked.has_new_structs and not checked.has_deletes:
            return False
        try:
            if may_be_old and not checked.has_new_structs:
                changed = self._apply_and_compare(self._doc, update)
            else:
                self._doc.apply_update(update)
                changed = True
        except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            raise
        except BaseException as error:
            logger.error(
                "room.apply_failed",
                extra={"document": str(self.document_id), "bytes": len(update), "error": type(error).__name__},
            )
            self._rebuild()
            raise Refused(CloseCode.PROTOCOL_VIOLATION, "the update could not be applied") from None
        self._known.adopt(checked)
        if changed:
            self._whole_state = None
        return changed

    def _rebuild(self) -> None:
        """Throw the document away and load it again; clients wait meanwhile."""
        if self._rebuilding is None:
            self._paused = list(self.connections)
            for connection in self._paused:
                connection.pause()
            self._rebuilding = asyncio.create_task(self._rebuild_now())

    async def _rebuild_now(self) -> None:
        try:
            while True:
                try:
                    await self._load()
                    break
                except DocumentMissing:
                    self.vanished()
                    return
                except Exception:
                    logger.exception("room.rebuild_failed", extra={"document": str(self.document_id)})
                    await asyncio.sleep(settings.SYNC_JOURNAL_RETRY_SECONDS)
            for entry in self._uncommitted:
                if entry.data is not None:
                    self._take_foreign(entry.data)
            self._advance(self._head)  # what was committed or heard of meanwhile
        finally:
            self._rebuilding = None
            for connection in self._paused:
                connection.resume()

    async def whole(self) -> None:
        """Wait until a rebuilding that is under way has ended."""
        if self._rebuilding is not None:
            await asyncio.wait([self._rebuilding])

    # Commits and notices

    def committed(self, before: int, entries: Sequence[Entry]) -> None:
        updates = []
        position = before
        acknowledged: dict[Connection, int] = {}
        for entry in entries:
            if self._uncommitted:
                self._uncommitted.popleft()
            if entry.data is not None:
                position += 1
                self._ahead.add(position)
                updates.append(entry.data)
            acknowledged[entry.connection] = acknowledged.get(entry.connection, 0) + entry.count
        if not self._uncommitted:
            self._clocks_before.clear()
        self._advance(position)
        self._tell_title()
        for connection, count in acknowledged.items():
            connection.committed(position or self.position, count)
        if updates and self.has_peers():
            relay().publish(channel(self.document_id), updates_notice(relay().sender, before + 1, updates))

    def _tell_title(self) -> None:
        now = title(self._doc)
        if now != self._title:
            self._title = now
            titles().changed(self.document_id, now)

    def vanished(self) -> None:
        self._forget_uncommitted()
        for connection in list(self.connections):
            connection.close(CloseCode.NOT_FOUND, "the document was deleted")

    def refused(self) -> None:
        """Start again from the log; the clients still have what it does not."""
        self._forget_uncommitted()
        self._rebuild()
        for connection in list(self.connections):
            connection.close(CloseCode.OVERLOADED, "the log did not take an update")

    def _forget_uncommitted(self) -> None:
        self._uncommitted.clear()
        self._clocks_before.clear()

    def has_peers(self) -> bool:
        """Say whether other processes have this room too."""
        return time.monotonic() - self._peer_heard_at < settings.SYNC_PEER_SECONDS

    def _hear(self, data: bytes) -> None:
        notice = read_notice(data)
        if notice is None or notice.sender == relay().sender:
            return
        now = time.monotonic()
        if notice.kind is NoticeKind.UPDATES:
            self._hear_updates(notice.first, notice.count, notice.updates)
        elif notice.kind is NoticeKind.PRESENCE:
            for person, client, clock, state in notice.presence:
                self._put_out_presence(self._presence.hear(person, client, clock, state, now))
        elif not self.has_peers() or now - self._hello_said_at > 1:
            self._say_hello(now)
        self._peer_heard_at = now

    def _say_hello(self, now: float) -> None:
        """Tell the other processes that we have this room, and who is in it."""
        self._hello_said_at = now
        if self._rebuilding is None:
            relay().publish(channel(self.document_id), hello(relay().sender))
            if own := self._presence.own():
                relay().publish(channel(self.document_id), presence_notice(relay().sender, own))

    def _hear_updates(self, first: int, count: int, updates: Sequence[bytes]) -> None:
        if len(updates) == count and self._rebuilding is None:
            for position, update in enumerate(updates, first):
                if position > self.position and position not in self._ahead and self._take_foreign(update):
                    self._ahead.add(position)
        self._advance(first + count - 1)

    def _take_foreign(self, update: bytes) -> bool:
        """Apply an update that is in the log, put it out, and say whether it fitted."""
        try:
            if self._apply(update, self.check(update), may_be_old=False):
                self._bytes += len(update)
                self._put_out(frame(Kind.UPDATE, update), None)
        except (Gap, BadUpdate, Refused) as error:  # a gap: what it builds on was not heard yet
            logger.info("room.update_waits", extra={"document": str(self.document_id), "reason": str(error)})
            return False
        return True

    def _advance(self, head: int) -> None:
        """Note that the log has come to `head`, and have read what is not here yet."""
        self._head = max(self._head, head)
        while self.position + 1 in self._ahead:
            self.position += 1
            self._ahead.discard(self.position)
        self._ahead = {position for position in self._ahead if position > self.position}
        if self.position < self._head and self._gap_timer is None:
            # what is missing mostly comes by itself in a moment
            self._gap_timer = asyncio.get_running_loop().call_later(settings.SYNC_GAP_SECONDS, self._gap_is_old)

    def _gap_is_old(self) -> None:
        self._gap_timer = None
        if self.position < self._head:
            self._interrupted()

    def _interrupted(self) -> None:
        self._repair_task = asyncio.create_task(self._repair_safely())

    async def _repair_safely(self) -> None:
        try:
            await self.repair()
        except Exception:
            logger.exception("room.repair_failed", extra={"document": str(self.document_id)})  # the sweep tries again

    async def repair(self) -> None:
        """Read from the log what was not heard, and put it out."""
        async with self._repairing:
            await self.whole()
            missing = await read_since(self.document_id, self.position)
            if self._rebuilding is not None or self.is_read_only:
                return
            if missing is None:
                self.vanished()
                return
            for update in missing.updates:
                self._take_from_log(update)
            if missing.updates:
                self._known.clocks = read_state_vector(self._doc.get_state())
                self._known.nesting.base = max(self._known.nesting.base, missing.nesting)
                logger.info("room.repaired", extra={"document": str(self.document_id), "updates": len(missing.updates)})
            self.position = max(self.position, missing.head)
            self._advance(missing.head)

    def _take_from_log(self, update: bytes) -> None:
        """Apply an update in the log's order: everything it builds on is here. Large ones are not checked again."""
        try:
            self._doc.apply_update(update)
        except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            raise
        except BaseException as error:
            logger.error("room.apply_failed", extra={"document": str(self.document_id), "error": type(error).__name__})
            self._rebuild()
            return
        self._known.adopt_pairs(find_pairs(update))
        self._whole_state = None
        self._put_out(frame(Kind.UPDATE, update), None)

    def compare(self, head: Head, now: float) -> None:
        """Take the log's word for how far it is, and do what is due every few seconds."""
        self._bytes = head.stored_bytes
        if head.quarantined != self.is_read_only:
            self._rebuild()
        elif not self.is_read_only:
            self._advance(head.head)
        self._put_out_presence(self._presence.expire(now))
        if self.has_peers() and now - self._hello_said_at > settings.SYNC_HELLO_SECONDS:
            self._say_hello(now)

    # Presence

    def take_presence(self, connection: Connection, entries: list[tuple[int, int, bytes]]) -> None:
        """Put out what a client says of itself, to itself too: a stock client hangs up after 30 s of silence."""
        now = time.monotonic()
        self._tell_presence(self._presence.say(connection, entries, now), connection.person_id)

    def presence_frame(self) -> bytes:
        return awareness_frame(self._presence.everybody())

    def _tell_presence(self, entries: list[tuple[int, int, bytes]], person_id: UUID) -> None:
        if not entries:
            return
        self._put_out_presence(entries)
        if self.has_peers():
            own: list[PresenceEntry] = [(person_id, *entry) for entry in entries]
            relay().publish(channel(self.document_id), presence_notice(relay().sender, own))

    def _put_out_presence(self, entries: list[tuple[int, int, bytes]]) -> None:
        if entries:
            self._put_out(awareness_frame(entries), None)

    # Output

    def _put_out(self, message: bytes, sender: Connection | None) -> None:
        """Have `message` sent to everybody but its sender, with all others of this turn of the event loop."""
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append((message, sender))

    def _flush(self) -> None:
        if not self._out:
            return
        out, self._out = self._out, []
        everything = Batch([message for message, _ in out])
        senders = {sender for _, sender in out}
        for connection in tuple(self.connections):
            if connection not in senders:
                connection.put(everything)
            elif others := [message for message, sender in out if sender is not connection]:
                connection.put(Batch(others))


class Rooms:
    """The open rooms of one process."""

    def __init__(self) -> None:
        self._rooms: dict[UUID, asyncio.Future[Room]] = {}
        self._tending = asyncio.create_task(self._tend(), name="rooms")
        on_goodbye(self._go_away)
        metrics.ROOMS.set_function(self._rooms.__len__)

    async def join(self, document_id: UUID, connection: Connection) -> Room:
        """Enter the document's room, opening it where it is not open. Raises DocumentMissing, Refused.

        Everybody who comes while it is opened waits for the same loading.
        """
        while True:
            opening = self._rooms.get(document_id)
            if opening is None:
                opening = self._rooms[document_id] = asyncio.ensure_future(self._open(document_id))
            room = await asyncio.shield(opening)
            await room.whole()
            if self._rooms.get(document_id) is opening:  # it was not dropped meanwhile
                break
        self._refuse_crowds(room, connection)
        room.enter(connection)
        return room

    async def _open(self, document_id: UUID) -> Room:
        try:
            room = Room(document_id)
            await room.open()
        except BaseException:
            self._rooms.pop(document_id, None)
            raise
        return room

    @staticmethod
    def _refuse_crowds(room: Room, connection: Connection) -> None:
        own = sum(other.person_id == connection.person_id for other in room.connections)
        if own >= settings.SYNC_CONNECTIONS_PER_PERSON:
            raise Refused(CloseCode.TOO_MANY, "too many connections of one person")
        if len(room.connections) >= settings.SYNC_CONNECTIONS_PER_DOCUMENT:
            raise Refused(CloseCode.TOO_MANY, "too many connections of one document")

    def opened(self) -> Iterator[Room]:
        for opening in list(self._rooms.values()):
            if opening.done() and not opening.cancelled() and opening.exception() is None:
                yield opening.result()

    def _go_away(self) -> None:
        for room in self.opened():
            for connection in room.connections:
                connection.go_away()

    async def _tend(self) -> None:
        """Every few seconds: drop rooms nobody needs, and compare the others with the log in one query."""
        while True:
            await asyncio.sleep(settings.SYNC_REPAIR_SECONDS)
            try:
                now = time.monotonic()
                for room in self.opened():
                    if room.is_idle(now):
                        del self._rooms[room.document_id]
                        await room.close()
                rooms = {room.document_id: room for room in self.opened()}
                if rooms:
                    heads = await read_heads(list(rooms))
                    for document_id, room in rooms.items():
                        if document_id in heads:
                            room.compare(heads[document_id], time.monotonic())
                        else:
                            room.vanished()
            except psycopg.Error as error:
                logger.warning("rooms.database_away", extra={"error": type(error).__name__})
            except Exception:
                logger.exception("rooms.tending_failed")


_processes_rooms: "WeakKeyDictionary[asyncio.AbstractEventLoop, Rooms]" = WeakKeyDictionary()


def rooms() -> Rooms:
    """Return the running loop's rooms."""
    loop = asyncio.get_running_loop()
    if loop not in _processes_rooms:
        _processes_rooms[loop] = Rooms()
    return _processes_rooms[loop]
