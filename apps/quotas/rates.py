"""Rate limits: sliding windows of a minute in Redis, one clock (Redis' own) for all processes.

While Redis is away, what costs money is refused (`LimitsUnknown`) and sockets open as if there were no limit: people go
on writing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import UUID, uuid4

import redis
from django.conf import settings

from apps.core import countries
from apps.core.errors import RateLimited
from apps.core.redis import async_redis, key
from apps.core.servers import Servers
from apps.quotas.allowances import Allowance
from apps.quotas.errors import LimitsUnknown

logger = logging.getLogger(__name__)

WINDOW_MS = 60_000
ASK_SECONDS = 0.3  # how long a socket waits for Redis before it opens without being counted
AWAY_RETRY_SECONDS = 5.0

# Counts a member once in each window, or in none where one of them is full. Returns the milliseconds until all have
# room again: 0 where they have.
COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, member, wait = tonumber(ARGV[1]), ARGV[2], 0
for i, name in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', name, '-inf', now - window)
    if not redis.call('ZSCORE', name, member) and redis.call('ZCARD', name) >= tonumber(ARGV[i + 2]) then
        local oldest = redis.call('ZRANGE', name, 0, 0, 'WITHSCORES')
        wait = math.max(wait, oldest[2] and math.max(1, tonumber(oldest[2]) + window - now) or window)
    end
end
if wait > 0 then return wait end
for _, name in ipairs(KEYS) do
    redis.call('ZADD', name, 'NX', now, member)
    redis.call('PEXPIRE', name, window)
end
return 0
"""

FORGET = "for _, name in ipairs(KEYS) do redis.call('ZREM', name, ARGV[1]) end"

REMEMBERED_MAX = 10_000  # people

Counted = Literal["generations", "sockets"]
Holder = Literal["person", "team", "key", "address", "country"]


@dataclass(frozen=True)
class Window:
    """At most `limit` of something in a minute for somebody."""

    key: str
    limit: int


Count = Callable[[Sequence[Window]], Awaitable[None]]

_last_windows: dict[UUID, Sequence[Window]] = {}


def window_of(what: Counted, holder: Holder, name: object, limit: int) -> Window:
    """Return the window in which `what` of one holder is counted, up to `limit`."""
    return Window(key("rate", what, holder, name), limit)


def _limit_of_country(country: str) -> int:
    """Return how many generations a country may have in a minute; 0: as many as it likes."""
    if not countries.are_told():
        return 0
    return int(settings.RATE_COUNTRIES.get(country, settings.RATE_GENERATIONS_PER_COUNTRY))


def windows_of_origin(address: str, country: str, key_id: UUID | None) -> list[Window]:
    """Return the windows of the generations that are asked for from somewhere, and with an API key."""
    windows = [window_of("generations", "address", address, settings.RATE_GENERATIONS_PER_ADDRESS)]
    if key_id is not None:
        windows.append(window_of("generations", "key", key_id, settings.RATE_GENERATIONS_PER_KEY))
    if limit := _limit_of_country(country):
        windows.append(window_of("generations", "country", country, limit))
    return windows


def windows_of_asker(user_id: UUID, team_id: UUID | None, allowance: Allowance) -> list[Window]:
    """Return the windows of a person who asks for a generation, and of the team whose document it is in."""
    limit = settings.ASSISTANT_GENERATIONS_PER_MINUTE
    if allowance.requests_per_minute is not None:
        limit = min(limit, allowance.requests_per_minute)
    windows = [window_of("generations", "person", user_id, limit)]
    if team_id is not None:
        windows.append(window_of("generations", "team", team_id, settings.RATE_GENERATIONS_PER_TEAM))
    return windows


async def count_generation(servers: Servers, generation_id: UUID, windows: Sequence[Window]) -> None:
    """Count a generation in all of `windows`, once however often it is sent. One round trip.

    Raises RateLimited, LimitsUnknown.
    """
    wait_ms = await _ask(servers, COUNT, *_arguments(windows, generation_id))
    if wait_ms:
        raise RateLimited(
            "That was too many requests to the assistant in a minute. Try again shortly.",
            retry_after=round(int(wait_ms) / 1000, 1),
        )


async def _ask(servers: Servers, script: str, names: list[str], arguments: list[Any]) -> Any:
    try:
        return await servers.script(script, names, arguments)
    except (redis.RedisError, OSError):
        logger.warning("rate.unknown")
        raise LimitsUnknown(
            "The assistant cannot be asked for a moment. Your text is not affected; try again shortly.",
            retry_after=AWAY_RETRY_SECONDS,
        ) from None


class EarlyCount:
    """A `count_generation` that can begin before it is known what to count in.

    It does so in `known` and in what else the person's last request counted in, and Redis answers while PostgreSQL is
    asked. Where other windows turn out to hold, what was counted is taken back. A request that is refused for another
    reason stays counted.
    """

    def __init__(self, servers: Servers, user_id: UUID, generation_id: UUID, known: Sequence[Window]) -> None:
        self._servers = servers
        self._user_id = user_id
        self._generation_id = generation_id
        self._known = known
        usual = _last_windows.get(user_id)
        self._guess = [*known, *usual] if usual else []
        self._counting: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if self._guess:
            self._counting = asyncio.create_task(count_generation(self._servers, self._generation_id, self._guess))

    async def count(self, windows: Sequence[Window]) -> None:
        """Count the generation in `windows`. Raises RateLimited, LimitsUnknown."""
        if len(_last_windows) >= REMEMBERED_MAX:
            _last_windows.clear()
        _last_windows[self._user_id] = [window for window in windows if window not in self._known]
        if self._counting is None:
            await count_generation(self._servers, self._generation_id, windows)
        elif windows == self._guess:
            await self._counting
        else:
            await asyncio.wait({self._counting})
            await _ask(self._servers, FORGET, [window.key for window in self._guess], [str(self._generation_id)])
            await count_generation(self._servers, self._generation_id, windows)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._counting is not None:
            await asyncio.wait({self._counting})
            self._counting.exception()  # told to whoever awaited it


def _arguments(windows: Sequence[Window], member: object) -> tuple[list[str], list[Any]]:
    return [window.key for window in windows], [WINDOW_MS, str(member), *(window.limit for window in windows)]


async def may_open_socket(user_id: UUID, address: str) -> bool:
    """Count an opening socket of a person at an address, and say whether there is room for it."""
    windows = (
        window_of("sockets", "person", user_id, settings.RATE_SOCKETS_PER_PERSON),
        window_of("sockets", "address", address, settings.RATE_SOCKETS_PER_ADDRESS),
    )
    names, arguments = _arguments(windows, uuid4().hex)
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return not await async_redis().register_script(COUNT)(keys=names, args=arguments)
    except (redis.RedisError, OSError, TimeoutError):
        logger.warning("rate.unknown")
    return True
