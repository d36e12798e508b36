"""One client of a room: takes its frames one by one, and closes with a code when one may not be.

Nothing here waits: a frame is checked, applied and handed on within one call. Only a large update is checked in a
thread; frames that come meanwhile wait in order.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.collaboration import metrics
from apps.collaboration.awareness import read_awareness
from apps.collaboration.frames import (
    EMPTY_STATE_VECTOR,
    EMPTY_UPDATE,
    BadFrame,
    Kind,
    acknowledgement,
    parse,
    read_state_vector,
)
from apps.collaboration.structure import BadUpdate, Checked, Gap
from apps.collaboration.wires import Batch, Send, make_wire
from apps.core.buckets import Bucket
from apps.core.close_codes import CloseCode
from apps.documents.metrics import RESUMED
from apps.documents.signals import socket_resumed
from apps.documents.sockets import SocketIdentity

if TYPE_CHECKING:
    from apps.collaboration.rooms import Room

logger = logging.getLogger(__name__)

FRAME_OVERHEAD_BYTES = 16  # of an update's frame, at most
READ_ONLY_PATIENCE_SECONDS = 1.0

_checkers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="update-check")


class Refused(Exception):
    """The connection has to be closed with `code`."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def _put_nothing(batch: Batch) -> None:
    """Stands for `put` while a client is behind."""


class Connection:
    """A client's place in a room.

    Update messages are counted for `?ack=1`: every `update`, and every `sync step 2` with content (two zero bytes are
    none). The count in an acknowledgement is that of messages whose content is committed. A message that was answered
    with sync step 1, because it builds on something unknown here, counts with the answer to that.
    """

    def __init__(self, identity: SocketIdentity, scope: Any, send: Send, *, wants_acks: bool) -> None:
        self.identity = identity
        self.person_id = identity.user.pk
        self.badge = {
            "id": str(identity.user.pk),
            "name": identity.user.display_name,
            "color": identity.user.caret_color,
        }
        self.presence_id: int | None = None
        self.code: CloseCode | None = None
        self.wants_acks = wants_acks
        self.wire = make_wire(
            scope,
            send,
            window_bytes=settings.SYNC_WINDOW_BYTES,
            send_seconds=settings.SYNC_SEND_TIMEOUT_SECONDS,
            reader=self,
        )
        self.put: Callable[[Batch], None] = self.wire.put
        self._missed_from: bytes | None = None  # the state vector of what a client that fell behind was sent
        self._room: Room | None = None
        self._busy = 1  # reasons to wait: the room loads, a large update is checked
        self._work: asyncio.Task[None] | None = None
        self._waiting: deque[bytes | str] = deque()
        self._waiting_bytes = 0
        self._held = False
        self._messages = Bucket(settings.SYNC_MESSAGES_PER_SECOND, settings.SYNC_MESSAGES_BURST)
        self._bytes = Bucket(settings.SYNC_BYTES_PER_SECOND, settings.SYNC_BYTES_BURST)
        self._committed = 0
        self._committed_at = 0  # the document's position then
        self._came_back = False  # with what it had
        self._asked_again = 0  # messages answered with sync step 1

    # Sending

    def send(self, message: bytes) -> None:
        self.put(Batch([message]))

    def fell_behind(self) -> None:
        """Send nothing more until everything has been read: what the client misses is in the document anyway."""
        if self._missed_from is None and self._room is not None:
            self._missed_from = self._room.state_vector()
            self.put = _put_nothing
            metrics.FELL_BEHIND.inc()
            logger.info("sync.fell_behind", extra={"person": str(self.person_id)})

    def caught_up(self) -> None:
        """Send a client that fell behind what it missed, as if it came anew, in one update however much it was."""
        missed_from, room = self._missed_from, self._room
        if missed_from is None or room is None or self.code is not None:
            return
        try:
            missed = [*room.answer(missed_from).messages, room.question(), room.presence_frame()]
        except Exception:
            logger.exception("sync.catch_up_failed")
            self.close(CloseCode.OVERLOADED, "what was missed could not be sent")
            return
        if self.wants_acks:
            missed.append(acknowledgement(self._committed_at, self._committed))
        self._missed_from = None
        self.put = self.wire.put
        self.put(Batch(missed))

    def close(self, code: CloseCode, reason: str) -> None:
        if self.code is None:
            self.code = code
            self._waiting.clear()
            self._waiting_bytes = 0
            self._read_on()
            logger.info("sync.closing", extra={"code": int(code), "reason": reason, "person": str(self.person_id)})
            self.wire.close(code, reason)

    def go_away(self) -> None:
        """Close, since this process ends: the client goes on elsewhere."""
        if self.code is None:
            self.code = CloseCode.RESTARTING
            self.wire.close(self.code, "restarting")

    # Receiving

    def take(self, message: bytes | str) -> None:
        """Take one message as it came; text is not part of the protocol."""
        if self.code is not None:
            return
        now = time.monotonic()
        size = len(message)
        if not self._messages.take(1, now) or not self._bytes.take(size, now):
            self.close(CloseCode.TOO_MANY, "too many messages or bytes")
        elif size > settings.SYNC_MAX_UPDATE_BYTES + FRAME_OVERHEAD_BYTES:
            self.close(CloseCode.TOO_LARGE, "frame too large")
        elif self._busy:
            self._waiting.append(message)
            self._waiting_bytes += size
            if self._waiting_bytes > settings.SYNC_INBOUND_MAX_BYTES and not self._held:
                self._held = True
                self.wire.hold()
        else:
            self._handle(message)

    def enter(self, room: "Room") -> None:
        """Begin to talk: the room is loaded."""
        self._room = room
        self.resume()

    def pause(self) -> None:
        """Keep what comes until `resume`."""
        self._busy += 1

    def resume(self) -> None:
        self._busy -= 1
        while self._waiting and not self._busy and self.code is None:
            message = self._waiting.popleft()
            self._waiting_bytes -= len(message)
            self._handle(message)
        self._read_on()

    def _read_on(self) -> None:
        if self._held and self._waiting_bytes <= settings.SYNC_INBOUND_MAX_BYTES // 2:
            self._held = False
            self.wire.go_on()

    def _handle(self, message: bytes | str) -> None:
        try:
            self._dispatch(message)
        except Exception as error:
            self._close_for(error)

    def _dispatch(self, message: bytes | str) -> None:
        assert self._room is not None
        if isinstance(message, str):
            raise BadFrame("text")
        kind, body = parse(message)
        if kind is Kind.UPDATE or kind is Kind.STEP_2:
            self._take_update(kind, body)
        elif kind is Kind.AWARENESS:
            if len(body) > settings.SYNC_MAX_AWARENESS_BYTES:
                raise Refused(CloseCode.TOO_LARGE, "awareness too large")
            self._room.take_presence(self, read_awareness(body))
        elif kind is Kind.STEP_1:
            if len(body) > settings.SYNC_MAX_STATE_VECTOR_BYTES:
                raise Refused(CloseCode.TOO_LARGE, "state vector too large")
            if body != EMPTY_STATE_VECTOR:
                read_state_vector(body)
                self._count_return()
            self.put(self._room.answer(body))
        else:
            self.send(self._room.presence_frame())

    def _count_return(self) -> None:
        if not self._came_back:
            self._came_back = True
            RESUMED.labels("sync").inc()
            socket_resumed.send(sender=type(self), kind="sync")

    def _take_update(self, kind: Kind, update: bytes) -> None:
        room = self._room
        assert room is not None
        if len(update) > settings.SYNC_MAX_UPDATE_BYTES:
            raise Refused(CloseCode.TOO_LARGE, "update too large")
        can_edit = self.identity.access.role.can_edit
        if kind is Kind.UPDATE and not can_edit:
            raise Refused(CloseCode.FORBIDDEN, "an update of somebody who may not edit")
        if update == EMPTY_UPDATE:
            room.take_nothing(self, count=self._count(kind is Kind.UPDATE))
        elif not can_edit:
            self._later(self._read_only_answer(update))
        elif len(update) > settings.SYNC_CHECK_IN_THREAD_BYTES:
            self._later(self._check_in_thread(kind, update))
        else:
            self._take_checked(kind, update, self._check(update))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` before the next frame."""
        self.pause()
        self._work = asyncio.create_task(self._finish(work))

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self._close_for(error)
        self.resume()

    def _close_for(self, error: Exception) -> None:
        """Close for what a frame of this connection raised."""
        if isinstance(error, BadFrame | BadUpdate):
            self.close(CloseCode.PROTOCOL_VIOLATION, str(error))
        elif isinstance(error, Refused):
            self.close(error.code, str(error))
        else:
            logger.error("sync.frame_failed", exc_info=error)
            self.close(CloseCode.PROTOCOL_VIOLATION, "the frame could not be handled")

    async def _check_in_thread(self, kind: Kind, update: bytes) -> None:
        assert self._room is not None
        checked = await asyncio.get_running_loop().run_in_executor(_checkers, self._check, update)
        await self._room.whole()
        if self.code is None:
            self._take_checked(kind, update, checked)

    async def _read_only_answer(self, update: bytes) -> None:
        """Refuse a sync step 2 with content of somebody who may not edit.

        A stock client answers with all deletions it knows, and perhaps with what a process heard and lost when it was
        killed. Its writer sends that again, so what is new to us gets a moment to become known.
        """
        assert self._room is not None
        for delay in (0.0, READ_ONLY_PATIENCE_SECONDS):
            await asyncio.sleep(delay)
            await self._room.repair()
            checked = await asyncio.get_running_loop().run_in_executor(_checkers, self._check, update)
            if checked is not None and not self._room.would_change(update, checked):
                return
        raise Refused(CloseCode.FORBIDDEN, "content of somebody who may not edit")

    def _check(self, update: bytes) -> Checked | None:
        """Return what `update` would change, or None when something before it is missing here."""
        assert self._room is not None
        try:
            return self._room.check(update)
        except Gap:
            return None

    def _take_checked(self, kind: Kind, update: bytes, checked: Checked | None) -> None:
        assert self._room is not None
        if checked is None:
            self._asked_again += 1
            self.send(self._room.question())
        else:
            self._room.take_update(self, update, checked, count=self._count(True), may_be_old=kind is Kind.STEP_2)

    def _count(self, counts: bool) -> int:
        """Return for how many update messages the one in hand stands."""
        count, self._asked_again = self._asked_again + counts, 0
        return count

    # Acknowledging

    def committed(self, position: int, count: int) -> None:
        """Note that `count` more of this connection's update messages are durable at `position`."""
        self._committed += count
        self._committed_at = position
        if self.wants_acks:
            self.send(acknowledgement(position, self._committed))
