"""Redis clients and key names. One asyncio client per event loop, one synchronous client per process."""

import asyncio
from functools import cache
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = WeakKeyDictionary()


def key(*parts: object) -> str:
    """Return the key or channel name `parts` under this installation's prefix."""
    return str(settings.REDIS_PREFIX) + ":".join(str(part) for part in parts)


def cache_key(name: str, prefix: str, version: int) -> str:
    """Return the key of a Django cache entry (a `KEY_FUNCTION`)."""
    return key("cache", prefix, version, name)


def async_redis() -> "redis.asyncio.Redis":
    """Return the running loop's client (bytes in, bytes out). Not for blocking reads: they hold a connection."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = blocking_redis()
    return _clients[loop]


def blocking_redis() -> "redis.asyncio.Redis":
    """Return a client of its own for blocking reads: redis-py 8 times out after 5 s by default."""
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=None, health_check_interval=30)


def subscriber_redis() -> "redis.asyncio.Redis":
    """Return a client that does not reconnect silently: a subscriber has to hear that messages were lost."""
    never = Retry(NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=None, health_check_interval=30, retry=never)


@cache
def sync_redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, health_check_interval=30)
