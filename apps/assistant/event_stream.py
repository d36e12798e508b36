"""A generation's events as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

One more cursor into the log: `id` is the event's `seq`, so that a client which lost its connection goes on after
`Last-Event-ID`. The stream ends after the generation's end.
"""

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator
from uuid import UUID

from django.conf import settings

from apps.accounts.authentication import Entry, still_in
from apps.assistant.errors import ConcurrencyLimited
from apps.assistant.feeds import feeds
from apps.assistant.log import Line
from apps.assistant.models import Generation
from apps.assistant.queries import read_generation
from apps.assistant.tails import Tail
from apps.assistant.transcripts import private_to, replay
from apps.core.database import in_database
from apps.core.errors import InterlineError

UNUSED_SECONDS = 10.0  # from the answer's beginning to the first of its stream
FULL_RETRY_SECONDS = 5.0
KEEP_ALIVE = ": nothing new\n\n"  # a comment; proxies close connections on which nothing moves


class EventReader:
    """A reader of a document's feed that cares for one generation."""

    def __init__(self, user_id: UUID, generation_id: UUID, after: int) -> None:
        self.user_id = user_id
        self.tail: Tail | None = None
        self.sent = after
        self.is_to_recheck = False
        self.is_going_away = False
        self._generation_id = generation_id
        self._wake = asyncio.Event()

    def follow(self, tail: Tail, after: int) -> None:
        if tail.generation_id == self._generation_id:
            self.tail = tail
            self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def tell(self, frame: str) -> None:
        """What is about the socket, or about generations that have ended, is not for this stream."""

    @property
    def backlog(self) -> int:
        return max(0, len(self.tail.lines) - self.sent) if self.tail else 0

    def still_reads(self, tail: Tail) -> bool:
        return self.tail is tail

    def recheck_soon(self) -> None:
        self.is_to_recheck = True
        self._wake.set()

    def go_away(self) -> None:
        self.is_going_away = True
        self._wake.set()

    def quota_changed(self, within_seconds: float) -> None:
        """What is left to somebody is no event of a generation."""

    def request_reviewed(self) -> None:
        """A request that was held is another generation, if it is one."""

    def actions_changed(self) -> None:
        """Nor is what they may ask for."""

    def comments_changed(self, version: int, thread_id: UUID | None) -> None:
        """Nor are comments."""

    def policy_changed(self, team: str, within_seconds: float) -> None:
        """What may be asked for is none either."""

    async def wait(self) -> bool:
        """Wait for news; False when none came in time."""
        try:
            await asyncio.wait_for(self._wake.wait(), settings.ASSISTANT_EVENTS_KEEP_ALIVE_SECONDS)
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    def take(self) -> str:
        """Return what is new, as it goes over the wire."""
        lines = self.tail.lines[self.sent :] if self.tail else []
        self.sent += len(lines)
        return "".join(f"id: {line.seq}\ndata: {self._frame(line)}\n\n" for line in lines)

    def _frame(self, line: Line) -> str:
        return self.tail.frame(line, self.user_id) if self.tail else line.frame

    @property
    def is_over(self) -> bool:
        return self.is_going_away or (self.tail is not None and self.tail.ended and self.sent >= len(self.tail.lines))


class Place:
    """A person's right to one stream. Whose stream never begins, since the client left first, loses it soon."""

    def __init__(self, streams: "set[Place]") -> None:
        self._streams = streams
        self.until = time.monotonic() + UNUSED_SECONDS

    def __enter__(self) -> None:
        self.until = math.inf
        self._streams.add(self)

    def __exit__(self, *_: object) -> None:
        self._streams.discard(self)


_lock = threading.Lock()
_streams: dict[UUID, set[Place]] = {}


def take_place(user_id: UUID) -> Place:
    """Return a place for one more stream of a person in this process. Raises ConcurrencyLimited."""
    with _lock:
        now = time.monotonic()
        for person, places in list(_streams.items()):
            places -= {place for place in list(places) if place.until < now}
            if not places:
                del _streams[person]
        taken = _streams.setdefault(user_id, set())
        if len(taken) >= settings.ASSISTANT_EVENT_STREAMS_PER_PERSON:
            raise ConcurrencyLimited(
                "Too many event streams of yours are open here. Close one first.", retry_after=FULL_RETRY_SECONDS
            )
        place = Place(taken)
        taken.add(place)
        return place


async def events_of(entry: Entry, generation: Generation, place: Place, *, after: int) -> AsyncIterator[str]:
    """Yield the events with `seq` > `after`, and those to come, until the end or until who reads may not any more."""
    with place:
        reader = EventReader(entry.user_id, generation.pk, after)
        if generation.is_ended:
            reader.tail = Tail(generation.pk, private_to(generation))
            reader.tail.extend(await in_database(replay, generation))
            yield reader.take()
            return
        feed = await feeds().join(generation.document_id, reader)
        try:
            reader.tail = feed.tails.get(generation.pk) or await feed.load(generation.pk)
            yield KEEP_ALIVE  # at once: the client knows that it is connected
            while not reader.is_over:
                if reader.is_to_recheck and not await in_database(_still_may, entry, generation):
                    return
                reader.is_to_recheck = False
                if news := reader.take():
                    yield news
                elif not await reader.wait():
                    yield KEEP_ALIVE
        finally:
            await feeds().leave(feed, reader)


def _still_may(entry: Entry, generation: Generation) -> bool:
    user = still_in(entry)
    if user is None:
        return False
    try:
        read_generation(user, generation.pk)
    except InterlineError:
        return False
    return True
