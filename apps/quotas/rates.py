"""Rate limits: sliding windows of a minute in Redis, one clock (Redis' own) for all processes.

While Redis is away, what costs money is refused (`LimitsUnknown`) and sockets open as if there were no limit: people go
on writing.
"""

import asyncio
import logging
from typing import Any, Literal
from uuid import UUID, uuid4

import redis
from django.conf import settings

from apps.core.errors import RateLimited
from apps.core.redis import async_redis, key, sync_redis
from apps.quotas.allowances import Allowance
from apps.quotas.errors import LimitsUnknown

logger = logging.getLogger(__name__)

WINDOW_MS = 60_000
ASK_SECONDS = 0.3  # how long a socket waits for Redis before it opens without being counted
AWAY_RETRY_SECONDS = 5.0

# Counts `member` once, and returns the milliseconds until there is room again: 0 where there is.
COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, limit, member = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZSCORE', KEYS[1], member) then return 0 end
if redis.call('ZCARD', KEYS[1]) >= limit then
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    if not oldest[2] then return window end
    return math.max(1, tonumber(oldest[2]) + window - now)
end
redis.call('ZADD', KEYS[1], now, member)
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""

Counted = Literal["generations", "sockets"]
Holder = Literal["person", "team", "address"]


def window_key(what: Counted, holder: Holder, name: object) -> str:
    return key("rate", what, holder, name)


def _arguments(limit: int, member: object) -> list[Any]:
    return [WINDOW_MS, limit, str(member)]


def check_rate(user_id: UUID, generation_id: UUID, allowance: Allowance) -> None:
    """Count a generation of a person, and of the team that pays, once however often it is sent.

    Raises RateLimited, LimitsUnknown.
    """
    limit = settings.ASSISTANT_GENERATIONS_PER_MINUTE
    if allowance.requests_per_minute is not None:
        limit = min(limit, allowance.requests_per_minute)
    _check(window_key("generations", "person", user_id), limit, generation_id)
    if allowance.team_id is not None:
        _check(window_key("generations", "team", allowance.team_id), settings.RATE_GENERATIONS_PER_TEAM, generation_id)


def check_address(address: str, generation_id: UUID) -> None:
    """Count a generation asked for from an address. Raises RateLimited, LimitsUnknown. May block for Redis."""
    limit = settings.RATE_GENERATIONS_PER_ADDRESS
    _check(window_key("generations", "address", address), limit, generation_id)


def _check(window: str, limit: int, member: object) -> None:
    client = sync_redis()
    try:
        wait_ms: Any = client.register_script(COUNT)(keys=[window], args=_arguments(limit, member))
    except redis.RedisError:
        logger.warning("rate.unknown")
        raise LimitsUnknown(
            "The assistant cannot be asked for a moment. Your text is not affected; try again shortly.",
            retry_after=AWAY_RETRY_SECONDS,
        ) from None
    if wait_ms:
        raise RateLimited(
            "That was too many requests to the assistant in a minute. Try again shortly.",
            retry_after=round(int(wait_ms) / 1000, 1),
        )


async def may_open_socket(user_id: UUID, address: str) -> bool:
    """Count an opening socket of a person at an address, and say whether it is one too many."""
    opening = uuid4().hex
    windows = (
        (window_key("sockets", "person", user_id), settings.RATE_SOCKETS_PER_PERSON),
        (window_key("sockets", "address", address), settings.RATE_SOCKETS_PER_ADDRESS),
    )
    script = async_redis().register_script(COUNT)
    try:
        async with asyncio.timeout(ASK_SECONDS):
            for window, limit in windows:
                if await script(keys=[window], args=_arguments(limit, opening)):
                    return False
    except (redis.RedisError, OSError, TimeoutError):
        logger.warning("rate.unknown")
    return True
