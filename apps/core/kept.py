"""Values of the database that every request needs and that seldom change: kept in the process until they do.

Who changes one says so over Redis; a thread of each process hears it. While that thread hears nothing (Redis is away,
or it has just begun), values are read anew twice a second, so that a change is in force everywhere within a second.
"""

import asyncio
import atexit
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

import redis
from django.conf import settings
from django.db import OperationalError, connection, transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.core.database import in_database
from apps.core.redis import KEEPALIVE, key, sync_redis

logger = logging.getLogger(__name__)

UNHEARD_SECONDS = 0.5  # how long a value holds while nobody could tell that it has changed
HEARD_SECONDS = 60.0  # and otherwise: a message can be lost
OLD_SECONDS = 40.0  # from then on it is read again while it still holds, so that no request waits for it
RECONNECT_SECONDS = 0.25

T = TypeVar("T")


class Kept(Generic[T]):
    """One value, read by `load`. Safe to use from any thread.

    `forgotten` is called when it has changed or may have, from any thread: it must not block.
    """

    def __init__(self, name: str, load: Callable[[], T], *, forgotten: Callable[[], None] | None = None) -> None:
        self._name = name
        self._load = load
        self._forgotten = forgotten
        self._value: tuple[T, float, int] | None = None  # and when it was read, after how many changes
        self._changes = 0
        _all[name] = self

    @property
    def is_old(self) -> bool:
        """Say whether it is time to read it again."""
        return self._value is not None and time.monotonic() - self._value[1] >= OLD_SECONDS

    @property
    def is_known(self) -> bool:
        """Say whether `get` needs no round trip."""
        return self._fresh() is not None

    def get(self) -> T:
        """Return the value, from the database where it has to be. An old one, where the database is away."""
        _listener.ensure()
        fresh = self._fresh()
        if fresh is not None:
            return fresh[0]
        if self._value is not None and is_on_loop():
            return self._value[0]  # see `all_known`
        return self.read()

    def read(self) -> T:
        """Return the value as the database has it now; the one before, where the database is away."""
        changes, at = self._changes, time.monotonic()
        was_closed = connection.connection is None
        try:
            value = self._load()
        except OperationalError:
            if self._value is None:
                raise
            logger.warning("kept.not_read", extra={"value": self._name})
            return self._value[0]
        finally:
            if was_closed:  # any thread may ask, also one that nobody closes connections of
                connection.close()
        self._value = (value, at, changes)
        return value

    def latest(self) -> T | None:
        """Return what was read last, however old, without a round trip; None where nothing was."""
        return self._value[0] if self._value else None

    def _fresh(self) -> tuple[T, float, int] | None:
        kept = self._value
        if kept is None or kept[2] != self._changes:
            return None
        holds = HEARD_SECONDS if _listener.hears else UNHEARD_SECONDS
        return kept if time.monotonic() - kept[1] < holds else None

    def forget(self) -> None:
        """Have the value read anew when it is needed next."""
        self._changes += 1
        if self._forgotten is not None:
            self._forgotten()

    def tell_changed(self) -> None:
        """Have every process read it anew, once the change is committed."""
        transaction.on_commit(partial(self._tell), robust=True)

    def _tell(self) -> None:
        self.forget()
        try:
            sync_redis().publish(_channel(), self._name)
        except redis.RedisError:
            logger.warning("kept.not_told", extra={"value": self._name})


async def all_known() -> None:
    """Have every value current for who asks on this event loop. No round trip unless something has changed.

    On a loop, `get` does not wait for the database: it returns what was read last.
    """
    if any(not kept.is_known for kept in _all.values()):
        await in_database(_read_all)
    elif not _reading and any(kept.is_old for kept in _all.values()):
        reading = asyncio.create_task(_read_old())
        _reading.add(reading)
        reading.add_done_callback(_reading.discard)


def _read_all() -> None:
    for kept in list(_all.values()):
        kept.get()


async def _read_old() -> None:
    try:
        for kept in [kept for kept in _all.values() if kept.is_old]:
            await in_database(kept.read)
    except Exception:
        logger.warning("kept.not_renewed", exc_info=True)


def is_on_loop() -> bool:
    """Say whether the caller runs on an event loop, where Django's database is out of reach."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def forget_all() -> None:
    """Have every value read anew."""
    for kept in list(_all.values()):
        kept.forget()


def _channel() -> str:
    return key("kept")


class _Listener:
    """The thread that hears of changes, until the process ends. A forked process starts its own."""

    def __init__(self) -> None:
        self.hears = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def ensure(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self.hears = False
                self._thread = threading.Thread(target=self._run, name="kept", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        self._stopping = True

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._listen()
            except (redis.RedisError, OSError, ValueError):  # ValueError: its socket was closed by the exit
                if self.hears and not self._stopping:
                    logger.warning("kept.interrupted")
            self.hears = False
            time.sleep(RECONNECT_SECONDS)

    def _listen(self) -> None:
        client = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=None,
            socket_keepalive=True,
            socket_keepalive_options=KEEPALIVE,
            retry=Retry(NoBackoff(), 0),
        )
        with client, client.pubsub() as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(_channel())
            for message in pubsub.listen():
                if message["type"] == "subscribe":
                    forget_all()
                    self.hears = True
                elif message["type"] == "message":
                    with suppress(KeyError):
                        _all[message["data"].decode()].forget()


_all: dict[str, Kept[Any]] = {}
_reading: set[asyncio.Task[None]] = set()
_listener = _Listener()


@atexit.register
def stop_listening() -> None:
    """Say nothing of servers that are lost from now on: this process ends."""
    _listener.stop()
