"""One Redis subscriber per process: hints that a log has grown.

A notice may be lost, so each carries a position (and usually the bytes); who sees a gap, or hears that the
subscription was interrupted, reads the log.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import redis
from redis.asyncio.client import PubSub

from apps.core.loops import per_loop
from apps.core.redis import key, subscriber_redis

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.25
CONNECT_SECONDS = 0.5  # how long a subscriber waits for the connection before it goes on without

Hear = Callable[[bytes], None]
Interrupted = Callable[[], None]


class Notices:
    """The subscriptions of one event loop. Callbacks run on it, must not block and are isolated from each other."""

    def __init__(self) -> None:
        self._hearers: dict[bytes, list[tuple[Hear, Interrupted]]] = {}
        self._pubsub: PubSub | None = None
        self._asked: set[bytes] = set()  # channels this connection is subscribed to
        self._connected = asyncio.Event()
        self._missed = False  # something may have been told that nobody heard
        self._task: asyncio.Task[None] | None = None

    async def subscribe(self, channel: str, hear: Hear, interrupted: Interrupted) -> None:
        """Call `hear` with each payload on `channel`, and `interrupted` after payloads may have been lost.

        Subscribe first, then read the log: what is appended in between is heard. Where Redis is away this returns,
        and `interrupted` is called when it is back.
        """
        name = channel.encode()
        self._hearers.setdefault(name, []).append((hear, interrupted))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name="notices")
        try:
            await asyncio.wait_for(self._connected.wait(), CONNECT_SECONDS)
        except TimeoutError:
            self._missed = True
        if self._pubsub is not None:
            with suppress(redis.RedisError, OSError):  # the listener fails too, and subscribes anew
                await self._ask(self._pubsub)

    async def _ask(self, pubsub: PubSub) -> None:
        """Subscribe to every channel somebody hears and that was not asked for on this connection."""
        while names := self._hearers.keys() - self._asked:
            self._asked |= names
            await pubsub.subscribe(*names)

    async def unsubscribe(self, channel: str, hear: Hear) -> None:
        name = channel.encode()
        left = [pair for pair in self._hearers.get(name, []) if pair[0] != hear]
        if left:
            self._hearers[name] = left
        elif self._hearers.pop(name, None) is not None and self._pubsub is not None:
            self._asked.discard(name)
            with suppress(redis.RedisError, OSError):
                await self._pubsub.unsubscribe(name)

    async def _listen(self) -> None:
        """Keep one connection subscribed to everything that is asked for, for ever."""
        while True:
            pubsub = subscriber_redis().pubsub(ignore_subscribe_messages=True)
            try:
                # Never without a channel: redis-py would read a health check's answer in the midst of our reading.
                await pubsub.subscribe(key("notices"))
                self._pubsub = pubsub
                await self._ask(pubsub)
                self._connected.set()
                if self._missed:
                    self._missed = False
                    self._tell_interrupted()
                await self._read(pubsub)
            except (redis.RedisError, OSError):
                if not self._missed:
                    logger.warning("notices.interrupted")
                self._missed = True
            finally:
                self._connected.clear()
                self._pubsub = None
                self._asked.clear()
                with suppress(redis.RedisError, OSError):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _read(self, pubsub: PubSub) -> None:
        while True:
            message = await pubsub.get_message(timeout=None)
            if message and message["type"] == "message":
                for hear, _ in list(self._hearers.get(message["channel"], ())):
                    self._isolated(hear, message["data"])

    def _tell_interrupted(self) -> None:
        for pairs in list(self._hearers.values()):
            for _, interrupted in list(pairs):
                self._isolated(interrupted)

    @staticmethod
    def _isolated(callback: Callable[..., None], *arguments: bytes) -> None:
        try:
            callback(*arguments)
        except Exception:
            logger.exception("notices.callback_failed")


@per_loop
def notices() -> Notices:
    """Return the running loop's subscriber."""
    return Notices()
