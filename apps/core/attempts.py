"""Counts what may be tried only so often: in windows of an hour, in the cache."""

import time
from contextlib import suppress

from django.core.cache import cache

from apps.core.errors import RateLimited

HOUR_SECONDS = 3600


def count(name: str, *, limit: int, words: str) -> None:
    """Count one of `name` in the present hour. Raises RateLimited, with `words`, when there were `limit` already."""
    hour, passed = divmod(int(time.time()), HOUR_SECONDS)
    window = f"{name}:{hour}"
    cache.add(window, 0, HOUR_SECONDS)
    if cache.incr(window) > limit:
        raise RateLimited(words, retry_after=HOUR_SECONDS - passed)


def take_back(name: str) -> None:
    """Count one less: what was counted beforehand went well."""
    with suppress(ValueError):  # the hour has passed meanwhile
        cache.decr(f"{name}:{int(time.time()) // HOUR_SECONDS}")
