"""How often REST may be asked: sliding windows per API key, person, address and country, in one call of Redis.

While Redis is away, requests pass uncounted, as sockets do: people go on writing, and what costs money is refused by
its own windows (`rates`).
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import redis
from django.conf import settings

from apps.core import countries
from apps.core.redis import key, quick_redis
from apps.quotas.rates import WINDOW_MS

logger = logging.getLogger(__name__)

AWAY_SECONDS = 2.0  # after a failure Redis is not asked for so long: each request would wait for it again

# Counts a member in each window, or in none where one of them is full. Returns for each how many are left and the
# milliseconds until there is one more, then whether one was full.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, answer, full = tonumber(ARGV[1]), {}, 0
for i, name in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', name, '-inf', now - window)
    answer[2 * i - 1] = tonumber(ARGV[i + 2]) - redis.call('ZCARD', name)
    if answer[2 * i - 1] <= 0 then full = 1 end
end
for i, name in ipairs(KEYS) do
    if full == 0 then
        redis.call('ZADD', name, now, ARGV[2])
        redis.call('PEXPIRE', name, window)
        answer[2 * i - 1] = answer[2 * i - 1] - 1
    end
    local oldest = redis.call('ZRANGE', name, 0, 0, 'WITHSCORES')
    answer[2 * i] = oldest[2] and math.max(1, tonumber(oldest[2]) + window - now) or 0
end
answer[#answer + 1] = full
return answer
"""

Holder = Literal["key", "person", "address", "country"]


@dataclass(frozen=True)
class Caller:
    """Who asks, from where. `person_id` None: nobody that is known; `key_id`: the API key they came with."""

    person_id: UUID | None
    key_id: UUID | None
    address: str
    country: str


@dataclass(frozen=True)
class Standing:
    """A window after a request. `left`: how many more it has room for; `seconds`: until it has room for one more."""

    holder: Holder
    limit: int
    left: int
    seconds: float


@dataclass(frozen=True)
class Counted:
    """`refused`: it was one too many in some window, and counts in none. No `standings`: it was not counted."""

    standings: Sequence[Standing]
    refused: bool = False

    @property
    def retry_after(self) -> float:
        """Seconds until every window has room."""
        return max((one.seconds for one in self.standings if one.left <= 0), default=0.0)


_away_until = 0.0


def count_request(who: Caller) -> Counted:
    """Count a request, wherever there is a limit. One round trip."""
    global _away_until
    windows = _windows(who)
    if not windows or time.monotonic() < _away_until:
        return Counted(())
    names = [key("rate", "requests", holder, name) for holder, name, _ in windows]
    limits = [limit for *_, limit in windows]
    try:
        answer: Any = quick_redis().register_script(TAKE)(keys=names, args=[WINDOW_MS, uuid4().hex, *limits])
    except (redis.RedisError, OSError):
        _away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("rate.unknown")
        return Counted(())
    *told, refused = (int(number) for number in answer)
    standings = [
        Standing(holder, limit, max(0, left), milliseconds / 1000)
        for (holder, _, limit), left, milliseconds in zip(windows, told[::2], told[1::2], strict=True)
    ]
    return Counted(standings, bool(refused))


def _windows(who: Caller) -> list[tuple[Holder, object, int]]:
    """Return holder, its name and the limit of each window; a limit of 0 is none."""
    windows: list[tuple[Holder, object, int]] = [("address", who.address, settings.RATE_REQUESTS_PER_ADDRESS)]
    if who.key_id is not None:
        windows.append(("key", who.key_id, settings.RATE_REQUESTS_PER_KEY))
    if who.person_id is not None:
        windows.append(("person", who.person_id, settings.RATE_REQUESTS_PER_PERSON))
    if countries.are_told():
        windows.append(("country", who.country, settings.RATE_REQUESTS_PER_COUNTRY))
    return [window for window in windows if window[2] > 0]
