"""The events of one document's generations in one web process: read once, handed to every socket that may see them.

A feed is a cache of the logs of what is running; a socket is a set of cursors into it. Notices fill it; where one was
lost, it is filled from the log.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import redis
from django.utils import timezone

from apps.assistant.log import Line, channel, decode_notice, read_log
from apps.assistant.models import OPEN_STATES, Generation
from apps.assistant.tails import Tail
from apps.assistant.transcripts import replay
from apps.core.database import in_database
from apps.core.gathering import Gathering
from apps.core.notices import notices
from apps.moderation.policies import newest_for

logger = logging.getLogger(__name__)

ENDED_LATELY_SECONDS = 300.0  # longer than a feed may be without a word of what happens
LONGEST_SECONDS = 3600.0  # from a request to its end
RELOAD_SECONDS = 1.0


class Reader(Protocol):
    """A socket, as a feed sees it."""

    user_id: UUID

    @property
    def backlog(self) -> int: ...

    def follow(self, tail: Tail, after: int) -> None: ...

    def wake(self) -> None: ...

    def tell(self, frame: str) -> None: ...

    def still_reads(self, tail: Tail) -> bool: ...

    def recheck_soon(self) -> None: ...

    def go_away(self) -> None:
        """End now, since this process does: the client goes on elsewhere."""

    def quota_changed(self, within_seconds: float) -> None:
        """Hear that limits were changed; say so within this time."""

    def request_reviewed(self) -> None:
        """Hear that a request of theirs was decided about; tell them."""

    def actions_changed(self) -> None:
        """Hear that what may be asked for may have changed; say so where it has."""

    def comments_changed(self, version: int, thread_id: UUID | None) -> None:
        """Hear that something was done in a thread of comments; tell them."""

    def policy_changed(self, team: str, within_seconds: float) -> None:
        """Hear that a policy may have changed (`team`: of its documents only); look, and say so, within this time."""


class Feed:
    """What is running in one document."""

    def __init__(self, document_id: UUID) -> None:
        self.document_id = document_id
        self.readers: set[Reader] = set()
        self.tails: dict[UUID, Tail] = {}
        self._known: dict[UUID, float] = {}  # what readers were sent, and when it was here last
        self._loading: set[UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened: asyncio.Task[None] | None = None
        self._policy_seen: int | None = None  # the newest that may concern the document
        self._open_generations: Gathering[None, list[Generation]] = Gathering(self._ask_open, at_once_max=10_000)

    async def opened(self) -> None:
        """Wait until the feed hears notices and knows what is running. Subscribing comes first."""
        if self._opened is None:
            self._opened = asyncio.create_task(self._open())
        await asyncio.shield(self._opened)

    async def _open(self) -> None:
        await notices().subscribe(channel(self.document_id), self._hear, self._interrupted)
        self._known = dict.fromkeys(await self._ended_lately(), time.monotonic())  # `hello` is for these
        await self._load_open()

    async def close(self) -> None:
        await notices().unsubscribe(channel(self.document_id), self._hear)

    def tidy(self) -> None:
        """Drop what ended and nobody reads any more."""
        for tail in list(self.tails.values()):
            self.forget_ended(tail)
        forgotten = time.monotonic() - 2 * ENDED_LATELY_SECONDS
        self._known = {generation_id: at for generation_id, at in self._known.items() if at > forgotten}

    async def open_generations(self) -> list[Generation]:
        """Return what is queued or running in the document, oldest first. Who asks at the same time shares a query."""
        return await self._open_generations.ask(None)

    async def _ask_open(self, askers: Sequence[None]) -> list[list[Generation]]:
        def query() -> list[Generation]:
            running = Generation.objects.filter(document_id=self.document_id, state__in=OPEN_STATES)
            return list(running.select_related("user", "turn").defer("input", "text", "events").order_by("created_at"))

        generations = await in_database(query)
        return [generations] * len(askers)

    def forget_ended(self, tail: Tail) -> None:
        """Drop a tail that ended and that every reader has seen."""
        if tail.ended and not any(reader.still_reads(tail) for reader in self.readers):
            self.tails.pop(tail.generation_id, None)
            self._known[tail.generation_id] = time.monotonic()

    async def load(self, generation_id: UUID) -> Tail | None:
        """Return the tail of a generation, read from its log or transcript; None while it is only queued."""
        lines = await read_log(generation_id)
        if not lines or not any(line.kind == "end" for line in lines):
            # Its generator may have stored the end, and died or lost Redis before it could tell it.
            lines = await _stored_lines(generation_id) or lines
        if not lines:
            return self.tails.get(generation_id)
        tail = self._tail(lines[0])
        tail.extend(lines)
        self._wake(tail)
        return tail

    def look_for_policies(self) -> None:
        """Have readers look again where there is a policy that they may not have heard of."""
        self._spawn(self._look_for_policies())

    async def _look_for_policies(self) -> None:
        newest = await in_database(newest_for, self.document_id)
        if self._policy_seen not in (None, newest):
            for reader in self.readers:
                reader.policy_changed("", 0)
        self._policy_seen = newest

    # ------------------------------------------------------------ hearing

    def _hear(self, payload: bytes) -> None:
        for line in decode_notice(payload):
            self._take(line)

    def _take(self, line: Line) -> None:
        tail = self.tails.get(line.generation_id)
        if tail is None and line.kind == "decided":
            for reader in self.readers:
                if line.private_to is None or line.private_to == reader.user_id:
                    reader.tell(line.frame)
            return
        tail = tail or self._tail(line)
        if tail.extend([line]):
            self._wake(tail)
        else:
            self._load_soon(line.generation_id)

    def _tail(self, line: Line) -> Tail:
        """Return the tail of `line`'s generation; a new one is followed by everybody who may see it."""
        tail = self.tails.get(line.generation_id)
        if tail is None:
            tail = self.tails[line.generation_id] = Tail(line.generation_id, line.private_to)
            for reader in self.readers:
                if tail.is_visible_to(reader.user_id):
                    reader.follow(tail, 0)
        return tail

    def _wake(self, tail: Tail) -> None:
        for reader in self.readers:
            if tail.is_visible_to(reader.user_id):
                reader.wake()

    # ------------------------------------------------------------ making up for lost notices

    def _interrupted(self) -> None:
        self.catch_up()

    def catch_up(self) -> None:
        """Read in the logs what may have been missed."""
        self._spawn(self._load_open())

    def _load_soon(self, generation_id: UUID) -> None:
        if generation_id not in self._loading:
            self._loading.add(generation_id)
            self._spawn(self._reload(generation_id))

    async def _reload(self, generation_id: UUID) -> None:
        try:
            await self.load(generation_id)
        except (redis.RedisError, OSError):
            logger.warning("feed.reload_failed", extra={"generation": str(generation_id)})
            await asyncio.sleep(RELOAD_SECONDS)
        finally:
            self._loading.discard(generation_id)

    async def _load_open(self) -> None:
        running = {generation.pk for generation in await self.open_generations()}
        running |= {tail.generation_id for tail in self.tails.values() if not tail.ended}
        # What began and ended in the meantime: who asked for it still waits for its first event.
        missed = set(await self._ended_lately()) - self._known.keys() - self.tails.keys()
        await asyncio.gather(*(self._reload(generation_id) for generation_id in running | missed))

    async def _ended_lately(self) -> list[UUID]:
        since = timezone.now() - timedelta(seconds=ENDED_LATELY_SECONDS)
        asked_since = since - timedelta(seconds=LONGEST_SECONDS)

        def query() -> list[UUID]:
            asked = Generation.objects.filter(
                document_id=self.document_id, created_at__gte=asked_since, withdrawn_at=None
            )
            return list(asked.filter(ended_at__gte=since).values_list("pk", flat=True))

        return await in_database(query)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _stored_lines(generation_id: UUID) -> list[Line]:
    """Return the events of a generation that has ended; empty for any other."""

    def query() -> list[Line]:
        ended = Generation.objects.select_related("user", "turn").filter(pk=generation_id, ending__isnull=False).first()
        return replay(ended) if ended else []

    return await in_database(query)
