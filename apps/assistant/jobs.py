"""The queue of generations: a Redis Stream with one consumer group. The queue is only the bell; the row is the truth.

A generator says all the time that it lives (`pulse`); the jobs of one that has fallen silent are taken over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis
from redis.asyncio import Redis

from apps.core.redis import async_redis, key, sync_redis
from apps.core.tracing import TRACEPARENT, here

GROUP = "generators"
BLOCK_MS = 2_000
QUEUE_MAX_JOBS = 100_000
ABSENT_MS = 3_600_000


def queue_key() -> str:
    return key("generator", "jobs")


def commands_channel() -> str:
    """Return where cancellations are told: the payload is the generation's id."""
    return key("generator", "commands")


def decisions_channel() -> str:
    """Return where it is told that somebody decided about what still streams: the payload is the generation's id."""
    return key("generator", "decisions")


def heartbeat_key(worker: str) -> str:
    return key("heartbeat", "generator", worker)


@dataclass(frozen=True)
class Job:
    """An entry of the queue. `holder`: who had it before, and is gone. `traceparent`: of who asked; or empty.

    `copy`: see `advance`; or empty.
    """

    entry_id: bytes
    generation_id: UUID
    holder: str = ""
    traceparent: str = ""
    copy: bytes = b""


def enqueue(generation_id: UUID) -> None:
    """Ring the bell. Raises redis.RedisError."""
    sync_redis().xadd(queue_key(), _entry(generation_id), maxlen=QUEUE_MAX_JOBS)


async def enqueue_on_loop(generation_id: UUID, copy: str | None) -> None:
    """As `enqueue`, on the event loop, with an advance copy of the row."""
    await async_redis().xadd(queue_key(), _entry(generation_id, copy), maxlen=QUEUE_MAX_JOBS)


def _entry(generation_id: UUID, copy: str | None = None) -> dict[Any, Any]:
    optional = {TRACEPARENT: here().traceparent, "copy": copy}
    return {"generation": str(generation_id)} | {name: value for name, value in optional.items() if value}


def tell_cancelled(generation_id: UUID) -> None:
    sync_redis().publish(commands_channel(), str(generation_id))


def tell_decided(generation_id: UUID) -> None:
    sync_redis().publish(decisions_channel(), str(generation_id))


async def make_group() -> None:
    """Make the consumer group from the queue's beginning, or what was queued before it would be lost."""
    try:
        await async_redis().xgroup_create(queue_key(), GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


async def forget_absent() -> None:
    """Forget generators that left long ago; every start has a name of its own."""
    consumers: Any = await async_redis().xinfo_consumers(queue_key(), GROUP)
    for consumer in consumers:
        if not consumer["pending"] and consumer["idle"] > ABSENT_MS:
            await async_redis().xgroup_delconsumer(queue_key(), GROUP, consumer["name"])


async def take(client: Redis, worker: str, count: int) -> list[Job]:
    """Wait for jobs, at most BLOCK_MS, on a client that may block."""
    answer: Any = await client.xreadgroup(GROUP, worker, {queue_key(): ">"}, count=count, block=BLOCK_MS)
    return [_job(entry) for _, entries in answer for entry in entries]


async def holders() -> list[str]:
    """Return the generators that have jobs."""
    summary: Any = await async_redis().xpending(queue_key(), GROUP)
    return [consumer["name"].decode() for consumer in summary["consumers"]]


async def are_alive(workers: Sequence[str]) -> list[bool]:
    """Say which of `workers` have been heard of within ASSISTANT_LEASE_SECONDS."""
    if not workers:
        return []
    return [beat is not None for beat in await async_redis().mget([heartbeat_key(worker) for worker in workers])]


async def take_over(worker: str, holder: str, count: int, *, idle_seconds: float) -> list[Job]:
    """Return jobs of `holder`, touched by nobody for `idle_seconds`; they are `worker`'s now."""
    client, idle_ms = async_redis(), int(idle_seconds * 1000)
    pending: Any = await client.xpending_range(queue_key(), GROUP, "-", "+", count, consumername=holder, idle=idle_ms)
    if not pending:
        return []
    ids = [entry["message_id"] for entry in pending]
    claimed: Any = await client.xclaim(queue_key(), GROUP, worker, min_idle_time=idle_ms, message_ids=ids)
    return [_job(entry, holder) for entry in claimed if entry[1]]


async def finish(entry_id: bytes) -> None:
    """Take a job off the queue for good. Raises redis.RedisError."""
    async with async_redis().pipeline(transaction=False) as pipeline:
        pipeline.xack(queue_key(), GROUP, entry_id)
        pipeline.xdel(queue_key(), entry_id)
        await pipeline.execute()


def _job(entry: Any, holder: str = "") -> Job:
    fields = entry[1]
    traceparent = fields.get(TRACEPARENT.encode(), b"").decode()
    # Who had it before may have written: then the row says more than its copy.
    copy = b"" if holder else fields.get(b"copy", b"")
    return Job(entry[0], UUID(fields[b"generation"].decode()), holder, traceparent, copy)
