"""How every model did when it was last asked: shared through Redis, for operators. Free of litellm."""

import json
import logging
import time
from dataclasses import asdict, dataclass

import redis
from django.conf import settings

from apps.core.redis import async_redis, key, sync_redis
from apps.llm.routes import deployments, is_demo

logger = logging.getLogger(__name__)

FORGET_SECONDS = 3600
NOTE_SECONDS = 10.0


@dataclass(frozen=True)
class Health:
    """`code`: empty where it answered. `at`: seconds since the epoch. `seconds`: to its answer's end or its failure."""

    model: str
    code: str
    at: float
    seconds: float

    @property
    def is_due(self) -> bool:
        """Say whether it is time to ask again: at every look where it failed."""
        return bool(self.code) or time.time() - self.at > settings.AI_HEALTH_SECONDS


def probe_channel() -> str:
    """Return where generators hear which model to ask: the payload is its name."""
    return key("llm", "probe")


def _key(model: str) -> str:
    return key("llm", f"{{{model}}}", "health")


_noted: dict[str, float] = {}


async def note(model: str, code: str, seconds: float) -> None:
    """Keep how `model` did, success at most once in NOTE_SECONDS. Never raises."""
    now = time.monotonic()
    if not code and now - _noted.get(model, -NOTE_SECONDS) < NOTE_SECONDS:
        return
    _noted[model] = -NOTE_SECONDS if code else now
    health = Health(model, code, time.time(), seconds)
    try:
        await async_redis().set(_key(model), json.dumps(asdict(health)), ex=FORGET_SECONDS)
    except (redis.RedisError, OSError):
        logger.warning("llm.health_not_noted")


def read_all() -> dict[str, Health | None]:
    """Return what is known of every model but the demo. Raises redis.RedisError."""
    models = [one.model for one in deployments() if not is_demo(one.model)]
    if not models:
        return {}
    stored = sync_redis().mget([_key(model) for model in models])
    return {model: Health(**json.loads(value)) if value else None for model, value in zip(models, stored, strict=True)}
