"""Writes one generation's events to the log: the first text at once, then what has gathered every 25 ms."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any
from uuid import UUID

import redis
from django.conf import settings

from apps.assistant import log
from apps.assistant.log import Fenced, Gap, Line, line_of, text_of
from apps.assistant.messages.events import Chunk, Event

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.25

MakeEvent = Callable[[int], Event]  # of the seq it gets


class Written:
    """What the lines of a log say, as it is stored. See Generation."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.text = "".join(text_of(line) for line in lines)
        self.lengths = [len(text_of(line)) for line in lines[1:]]
        self.events: list[dict[str, Any]] = [json.loads(line.frame) for line in lines[1:] if line.kind != "chunk"]


class LogWriter:
    """The writing end of a log, for one epoch. Keeps what it wrote, so that a Redis that forgot can be told again."""

    def __init__(
        self,
        generation_id: UUID,
        document_id: UUID,
        *,
        epoch: int,
        private_to: UUID | None,
        lines: Sequence[Line],
        is_current: Callable[[], Awaitable[bool]],
    ) -> None:
        """`lines`: what earlier generators wrote. `is_current`: whether `epoch` still is the generation's."""
        self._generation_id = generation_id
        self._document_id = document_id
        self._epoch = epoch
        self._private_to = private_to
        self._is_current = is_current
        self._lines = list(lines)
        self._written = len(lines)  # of them, those that Redis has taken
        self._pending: list[str | MakeEvent] = []
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._lock = asyncio.Lock()
        before = Written(lines)
        self.text, self.lengths, self.events = before.text, before.lengths, before.events

    @property
    def next_seq(self) -> int:
        return len(self._lines) + 1

    def write(self, text: str) -> None:
        """Take text in; `run` sends it."""
        self._pending.append(text)
        self._wake.set()

    def write_event(self, make: MakeEvent) -> None:
        """Take in an event that belongs behind what was written so far; `run` sends it without waiting for more."""
        self._pending.append(make)
        self._wake.set()
        self._hurry.set()

    async def run(self) -> None:
        """Send text as it gathers, until cancelled. Raises Fenced."""
        while True:
            await self._wake.wait()
            await asyncio.shield(self.flush())
            with suppress(TimeoutError):
                async with asyncio.timeout(settings.ASSISTANT_FLUSH_SECONDS):
                    await self._hurry.wait()

    async def flush(self) -> None:
        """Send all there is. Raises Fenced."""
        async with self._lock:
            self._wake.clear()
            self._hurry.clear()
            pending, self._pending = self._pending, []
            for is_text, items in groupby(pending, lambda item: isinstance(item, str)):
                if is_text:
                    await self._send_text("".join(item for item in items if isinstance(item, str)))
                else:
                    for make in items:
                        assert not isinstance(make, str)
                        await self._send_event(make(self.next_seq))

    async def _send_text(self, text: str) -> None:
        limit = settings.ASSISTANT_CHUNK_MAX_CHARACTERS
        for start in range(0, len(text), limit):
            piece = text[start : start + limit]
            self.text += piece
            self.lengths.append(len(piece))
            chunk = Chunk(type="chunk", id=self._generation_id, seq=self.next_seq, text=piece)
            await self._append([line_of(chunk, self._private_to)])

    async def event(self, event: Event) -> None:
        """Send an event numbered `next_seq`. Raises Fenced."""
        async with self._lock:
            await self._send_event(event)

    async def _send_event(self, event: Event) -> None:
        if event.seq > 1:
            self.lengths.append(0)
            self.events.append(event.model_dump(mode="json"))
        await self._append([line_of(event, self._private_to)])

    async def end(self, lines: Sequence[Line]) -> None:
        """Send stored lines: the end and what follows it."""
        async with self._lock:
            await self._append(list(lines))

    async def _append(self, lines: list[Line]) -> None:
        """Append `lines`; while Redis is away, wait for it, and write again what it has lost. Raises Fenced."""
        self._lines += lines
        while True:
            try:
                await log.append(self._document_id, self._epoch, lines)
                self._written = lines[-1].seq
                return
            except (Fenced, Gap):
                lines = await self._missing()  # a write whose answer was lost is no rival's
            except (redis.RedisError, OSError):
                logger.warning("generation.log_away", extra={"generation": str(self._generation_id)})
                await asyncio.sleep(RETRY_SECONDS)
                try:
                    lines = await self._missing()
                except (redis.RedisError, OSError):
                    continue
            if not lines:
                return

    async def _missing(self) -> list[Line]:
        """Return the lines Redis does not have. Raises Fenced where another generator wrote."""
        epoch, seq = await log.last_position(self._generation_id)
        if epoch > self._epoch:
            raise Fenced
        if seq < self._written and not await self._is_current():
            raise Fenced  # the log is gone because it ended long ago
        return self._lines[seq:]
