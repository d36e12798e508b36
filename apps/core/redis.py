"""Redis clients and key names. One asyncio client per event loop, one synchronous client per process."""

import asyncio
import socket
from collections.abc import Iterable
from functools import cache

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.retry import Retry as SyncRetry

from apps.core.loops import per_loop

TIMEOUT_SECONDS = 10  # of an answer; blocking reads ask for less
QUICK_SECONDS = 0.25
# A peer that vanished without a word is noticed after 11 s, not after hours. Only Linux names the options so.
KEEPALIVE = {
    getattr(socket, name): value
    for name, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
    if hasattr(socket, name)
}


def key(*parts: object) -> str:
    """Return the key or channel name `parts` under this installation's prefix."""
    return str(settings.REDIS_PREFIX) + ":".join(str(part) for part in parts)


def cache_key(name: str, prefix: str, version: int) -> str:
    """Return the key of a Django cache entry (a `KEY_FUNCTION`)."""
    return key("cache", prefix, version, name)


@per_loop
def async_redis() -> "redis.asyncio.Redis":
    """Return the running loop's client (bytes in, bytes out). Not for blocking reads: they hold a connection."""
    return blocking_redis()


def blocking_redis() -> "redis.asyncio.Redis":
    """Return a client of its own for blocking reads, of less than TIMEOUT_SECONDS."""
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, health_check_interval=30)
    usual = client.connection_pool.connection_class
    client.connection_pool.connection_class = type(f"Direct{usual.__name__}", (SendsDirectly, usual), {})
    return client


class SendsDirectly(redis.asyncio.connection.AbstractConnection):
    """Sends without a task of its own, which redis-py starts for its timeout: 0.1 ms of what waits for the answer."""

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        seconds, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(seconds):
                await super().send_packed_command(command, check_health)
        except TimeoutError:  # the connection is closed by now
            raise redis.TimeoutError("Timeout writing to socket") from None
        finally:
            self.socket_timeout = seconds


def subscriber_redis() -> "redis.asyncio.Redis":
    """Return a client that does not reconnect silently: a subscriber has to hear that messages were lost."""
    never = Retry(NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=None,
        socket_keepalive=True,
        socket_keepalive_options=KEEPALIVE,
        health_check_interval=30,
        retry=never,
    )


@cache
def quick_redis() -> "redis.Redis":
    """Return a client for what can do without an answer: a server that is away costs QUICK_SECONDS at most."""
    once = SyncRetry(NoBackoff(), 1)  # a connection that was closed while it was idle is made anew
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=QUICK_SECONDS, socket_connect_timeout=QUICK_SECONDS, retry=once
    )


@cache
def sync_redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, health_check_interval=30)
