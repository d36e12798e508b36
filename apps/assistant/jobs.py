"""The queue of generations: a Redis Stream with one consumer group. The queue is only the bell; the row is the truth.

A generator keeps the lease of what it runs by claiming it to itself; what nobody kept is taken over after the lease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from redis.asyncio import Redis

from apps.core.redis import async_redis, key, sync_redis

GROUP = "generators"
BLOCK_MS = 2_000
QUEUE_MAX_JOBS = 100_000


def queue_key() -> str:
    return key("generator", "jobs")


def commands_channel() -> str:
    """Return where cancellations are told: the payload is the generation's id."""
    return key("generator", "commands")


def heartbeat_key(worker: str) -> str:
    return key("heartbeat", "generator", worker)


@dataclass(frozen=True)
class Job:
    """An entry of the queue. `taken_over`: whoever had it before let its lease end."""

    entry_id: bytes
    generation_id: UUID
    taken_over: bool = False


def enqueue(generation_id: UUID) -> None:
    """Ring the bell. Raises redis.RedisError."""
    sync_redis().xadd(queue_key(), {"generation": str(generation_id)}, maxlen=QUEUE_MAX_JOBS)


def tell_cancelled(generation_id: UUID) -> None:
    sync_redis().publish(commands_channel(), str(generation_id))


async def make_group() -> None:
    """Make the consumer group from the queue's beginning, or what was queued before it would be lost."""
    try:
        await async_redis().xgroup_create(queue_key(), GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


async def take(client: Redis, worker: str, count: int) -> list[Job]:
    """Wait for jobs, at most BLOCK_MS, on a client that may block."""
    answer: Any = await client.xreadgroup(GROUP, worker, {queue_key(): ">"}, count=count, block=BLOCK_MS)
    return [_job(entry) for _, entries in answer for entry in entries]


async def take_over(worker: str, count: int) -> list[Job]:
    """Return jobs whose lease has ended; they are `worker`'s now."""
    answer: Any = await async_redis().xautoclaim(
        queue_key(), GROUP, worker, min_idle_time=int(settings.ASSISTANT_LEASE_SECONDS * 1000), count=count
    )
    return [_job(entry, taken_over=True) for entry in answer[1] if entry[1]]


async def keep(worker: str, entries: Sequence[bytes]) -> None:
    """Renew the leases of `entries`."""
    if entries:
        await async_redis().xclaim(queue_key(), GROUP, worker, min_idle_time=0, message_ids=list(entries), justid=True)


async def finish(entry_id: bytes) -> None:
    async with async_redis().pipeline(transaction=False) as pipeline:
        pipeline.xack(queue_key(), GROUP, entry_id)
        pipeline.xdel(queue_key(), entry_id)
        await pipeline.execute()


def _job(entry: Any, *, taken_over: bool = False) -> Job:
    return Job(entry[0], UUID(entry[1][b"generation"].decode()), taken_over)
