"""Delivers events to one socket: in order, without gaps, at the reader's pace."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from apps.assistant.log import Line
from apps.assistant.messages.events import Chunk
from apps.assistant.tails import Tail

logger = logging.getLogger(__name__)

COALESCE_FROM = 16  # events that wait; fewer go one by one
TOLD_MAX = 2_000  # frames about the socket itself that wait to be sent

Send = Callable[[str], Awaitable[None]]


class ReaderTooSlow(Exception):
    """The client took nothing for too long."""


@dataclass
class Cursor:
    """How far one generation has been sent and acknowledged."""

    tail: Tail
    sent: int
    acknowledged: int

    @property
    def in_flight(self) -> int:
        return self.sent - self.acknowledged

    @property
    def waiting(self) -> Sequence[Line]:
        return self.tail.lines[self.sent :]


class Delivery:
    """The sending half of a socket. Everything it sends passes through `run`, so frames never interleave."""

    def __init__(self, reader_id: UUID, send: Send, on_end: Callable[[Tail], None]) -> None:
        """`reader_id`: who reads. `on_end` is called when a generation's last event was sent."""
        self._reader_id = reader_id
        self._send = send
        self._on_end = on_end
        self._cursors: dict[UUID, Cursor] = {}
        self._told: deque[str] = deque()
        self._watched: dict[UUID, Callable[[], None]] = {}
        self._wake = asyncio.Event()
        self._last_sent = 0.0
        self.overflowed = False

    def tell(self, frame: str) -> None:
        """Send a frame that belongs to no log."""
        if len(self._told) >= TOLD_MAX:
            self.overflowed = True
        else:
            self._told.append(frame)
        self._wake.set()

    def follow(self, tail: Tail, after: int) -> None:
        """Send the events of `tail` with `seq` > `after`, and those to come."""
        after = min(after, len(tail.lines))
        self._cursors[tail.generation_id] = Cursor(tail, sent=after, acknowledged=after)
        self._wake.set()

    def watch(self, generation_id: UUID, on_first_text: Callable[[], None]) -> None:
        """Call `on_first_text` when the generation's first text has been sent."""
        self._watched[generation_id] = on_first_text

    def follows(self, generation_id: UUID) -> bool:
        return generation_id in self._cursors

    def position(self, generation_id: UUID) -> int:
        """Return the `seq` that was sent last; 0 for what is not followed."""
        cursor = self._cursors.get(generation_id)
        return cursor.sent if cursor else 0

    @property
    def backlog(self) -> int:
        """Return how many events wait to be sent."""
        return sum(len(cursor.waiting) for cursor in list(self._cursors.values()))

    def still_reads(self, tail: Tail) -> bool:
        cursor = self._cursors.get(tail.generation_id)
        return cursor is not None and cursor.tail is tail

    def acknowledge(self, positions: Mapping[UUID, int]) -> None:
        for generation_id, seq in positions.items():
            cursor = self._cursors.get(generation_id)
            if cursor is not None and cursor.acknowledged < seq <= cursor.sent:
                cursor.acknowledged = seq
                self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Raises ReaderTooSlow."""
        loop = asyncio.get_running_loop()
        while True:
            while self._told:
                await self._deliver(self._told.popleft())
            blocked = False
            for cursor in list(self._cursors.values()):
                blocked = await self._advance(cursor) or blocked
            if self.overflowed:
                raise ReaderTooSlow
            if self._told:
                continue
            try:
                # With a full window, one frame still goes from time to time, for clients that acknowledge nothing.
                due = self._last_sent + settings.ASSISTANT_UNACKNOWLEDGED_SECONDS if blocked else None
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            except TimeoutError:
                for cursor in list(self._cursors.values()):
                    await self._advance(cursor, patient=False)
            self._wake.clear()
            self._last_sent = self._last_sent or loop.time()

    async def _advance(self, cursor: Cursor, *, patient: bool = True) -> bool:
        """Send what waits in one log, as far as the window allows; say whether the window stopped it."""
        while waiting := cursor.waiting:
            room = settings.ASSISTANT_SOCKET_WINDOW_EVENTS - sum(one.in_flight for one in self._cursors.values())
            if patient and room <= 0:
                return True
            count = 1
            if waiting[0].kind == "chunk" and (len(waiting) >= COALESCE_FROM or len(waiting) > room):
                count = next((at for at, line in enumerate(waiting) if line.kind != "chunk"), len(waiting))
            cursor.sent += count
            alone = count == 1
            await self._deliver(cursor.tail.frame(waiting[0], self._reader_id) if alone else coalesced(waiting[:count]))
            if self._watched and waiting[0].kind == "chunk":
                self._watched.pop(cursor.tail.generation_id, lambda: None)()
        if cursor.tail.ended and self._cursors.get(cursor.tail.generation_id) is cursor:
            del self._cursors[cursor.tail.generation_id]
            self._on_end(cursor.tail)
        return False

    async def _deliver(self, frame: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(settings.ASSISTANT_SEND_TIMEOUT_SECONDS):
                await self._send(frame)
        except TimeoutError:
            raise ReaderTooSlow from None
        self._last_sent = loop.time()


def coalesced(lines: Sequence[Line]) -> str:
    """Return one `chunk` frame that stands for all of `lines`."""
    text = "".join(json.loads(line.frame)["text"] for line in lines)
    last = lines[-1]
    return Chunk(type="chunk", id=last.generation_id, seq=last.seq, text=text, span=len(lines)).model_dump_json()
