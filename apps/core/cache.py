"""Django's cache in Redis, and in this process's memory while Redis is away.

Limits of log-in and of invitations are counted here. Without the fallback nobody could log in without Redis; with it,
each process counts for itself for a while.
"""

import logging
import time
from functools import wraps
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import RedisError

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2.0  # after a failure Redis is not asked for so long: a page asks several times


class ResilientClient(RedisCacheClient):
    """Does in memory what Redis does not answer."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._memory = LocMemCache("resilient", {})
        self._away_until = 0.0

    def either(self, name: str, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(RedisCacheClient, name)(self, *arguments, **options)
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + RETRY_SECONDS
                logger.warning("cache.redis_away", extra={"error": type(error).__name__})
        return getattr(self._memory, name)(*arguments, **options)


def _in_either(name: str) -> Any:
    @wraps(getattr(RedisCacheClient, name))
    def method(self: ResilientClient, *arguments: Any, **options: Any) -> Any:
        return self.either(name, *arguments, **options)

    return method


for _name in ("add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many"):
    setattr(ResilientClient, _name, _in_either(_name))


class ResilientCache(RedisCache):
    """The cache backend."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ResilientClient
