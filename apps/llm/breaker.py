"""The circuit breaker of every model, shared by all generators through Redis.

A model that failed AI_BREAKER_FAILURES times in a row rests for AI_BREAKER_SECONDS, then twice as long each time, up to
AI_BREAKER_MAX_SECONDS; a provider that says "come back in 7 seconds" rests for those. After its rest one request tries
it while the others still pass it by: a success closes the circuit, a failure opens it again.

Each process knows the circuits from a copy that is at most a second behind while it is used, so that a healthy model
costs no round trip. Where Redis is away, every process decides by what it saw itself.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

from apps.core.loops import per_loop
from apps.core.redis import async_redis, key
from apps.llm.metrics import CIRCUITS

logger = logging.getLogger(__name__)

COPY_SECONDS = 1.0
FORGET_SECONDS = 600  # after which a model's failures are forgotten

# KEYS: the circuit, the trial. ARGV: failures that open it, its first rest, its longest, what to forget it after, and
# the rest the provider asked for; times in milliseconds. Failures of requests that were under way when it opened do
# not make its rest longer.
FAIL = """
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local known = redis.call('HMGET', KEYS[1], 'opened', 'until')
local opened, ends = tonumber(known[1] or 0), tonumber(known[2] or 0)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local rest = tonumber(ARGV[5])
if ends <= now and (failures >= tonumber(ARGV[1]) or opened > 0) then
    rest = math.max(rest, math.min(ARGV[2] * 2 ^ opened, tonumber(ARGV[3])))
    opened = opened + 1
end
if rest > 0 then
    ends = math.max(ends, now + rest)
    redis.call('HSET', KEYS[1], 'opened', opened, 'until', ends)
    redis.call('DEL', KEYS[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4] + rest)
return redis.call('HMGET', KEYS[1], 'failures', 'opened', 'until')
"""


@dataclass(frozen=True)
class Circuit:
    """A model's record. `until`: when its rest ends, in seconds since the epoch; `opened`: how often it was opened."""

    failures: int = 0
    opened: int = 0
    until: float = 0.0

    @property
    def rest(self) -> float:
        """Return the seconds its rest still takes."""
        return max(0.0, self.until - time.time())

    @property
    def is_blank(self) -> bool:
        return not self.failures and not self.until


def _circuit(values: Any) -> Circuit:
    failures, opened, until = values
    return Circuit(int(failures or 0), int(opened or 0), float(until or 0) / 1000)


class Breaker:
    """The circuits as one event loop knows them."""

    def __init__(self) -> None:
        self._circuits: dict[str, Circuit] = {}
        self._looked_at = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def admit(self, model: str) -> float:
        """Return 0 where `model` may be asked, else the seconds until it may. Of the others, one is let try."""
        self._look_soon()
        circuit = self._circuits.setdefault(model, Circuit())
        if circuit.rest:
            return circuit.rest
        if circuit.until and not await self._may_try(model):
            return COPY_SECONDS
        return 0.0

    async def failed(self, model: str, *, rest: float = 0.0) -> None:
        """Count a failure. `rest`: seconds the provider asked for."""
        known = self._circuits.get(model, Circuit())
        times = (settings.AI_BREAKER_SECONDS, settings.AI_BREAKER_MAX_SECONDS, FORGET_SECONDS, rest)
        arguments = [settings.AI_BREAKER_FAILURES, *(int(seconds * 1000) for seconds in times)]
        try:
            script = async_redis().register_script(FAIL)
            circuit = _circuit(await script(keys=[_circuit_key(model), _trial_key(model)], args=arguments))
        except (redis.RedisError, OSError):
            circuit = _failed_here(known, rest)
        self._circuits[model] = circuit
        if circuit.rest and not known.rest:
            CIRCUITS.labels(model).inc()
            logger.warning("llm.circuit_opened", extra={"model": model, "seconds": round(circuit.rest, 1)})

    async def succeeded(self, model: str) -> None:
        """Close the circuit. Costs nothing where it is closed."""
        if self._circuits.get(model, Circuit()).is_blank:
            return
        self._circuits[model] = Circuit()
        try:
            await async_redis().delete(_circuit_key(model), _trial_key(model))
        except (redis.RedisError, OSError):
            logger.warning("llm.breaker_alone")

    async def given_up(self, model: str) -> None:
        """Let somebody else try a model: whoever tried it was stopped before it answered."""
        if not self._circuits.get(model, Circuit()).until:
            return
        try:
            await async_redis().delete(_trial_key(model))
        except (redis.RedisError, OSError):
            logger.warning("llm.breaker_alone")

    async def _may_try(self, model: str) -> bool:
        try:
            seconds = settings.AI_BREAKER_TRIAL_SECONDS
            return bool(await async_redis().set(_trial_key(model), "1", nx=True, px=int(seconds * 1000)))
        except (redis.RedisError, OSError):
            return True

    def _look_soon(self) -> None:
        """Renew the copy beside what is being done, unless it is fresh or being renewed."""
        now = time.monotonic()
        if now - self._looked_at > COPY_SECONDS and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        models = list(self._circuits)
        try:
            async with async_redis().pipeline(transaction=False) as pipeline:
                for model in models:
                    pipeline.hmget(_circuit_key(model), "failures", "opened", "until")
                for model, values in zip(models, await pipeline.execute(), strict=True):
                    self._circuits[model] = _circuit(values)
            self._looked_at = time.monotonic()
        except (redis.RedisError, OSError):
            logger.warning("llm.breaker_alone")


def _failed_here(known: Circuit, rest: float) -> Circuit:
    """Count a failure in this process only, by the same rules."""
    failures, opened = known.failures + 1, known.opened
    if not known.rest and (failures >= settings.AI_BREAKER_FAILURES or opened):
        rest = max(rest, min(settings.AI_BREAKER_SECONDS * 2**opened, settings.AI_BREAKER_MAX_SECONDS))
        opened += 1
    return Circuit(failures, opened, max(known.until, time.time() + rest) if rest else known.until)


def _circuit_key(model: str) -> str:
    return key("llm", f"{{{model}}}", "circuit")  # braces: one slot of a Redis Cluster


def _trial_key(model: str) -> str:
    return key("llm", f"{{{model}}}", "trial")


@per_loop
def breaker() -> Breaker:
    """Return the running loop's breaker."""
    return Breaker()
