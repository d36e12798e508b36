"""The generator process: takes jobs, runs many generations at once on one event loop, keeps their leases."""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable
from uuid import UUID

import redis
from django.conf import settings

from apps.assistant import jobs
from apps.assistant.claims import cancelled_among, claim, release
from apps.assistant.database import in_database
from apps.assistant.jobs import Job
from apps.assistant.log import append, expire_log, last_position, take_over_log
from apps.assistant.models import Generation
from apps.assistant.runner import Run
from apps.assistant.transcripts import replay
from apps.core.ids import request_id
from apps.core.notices import notices
from apps.core.readiness import say_ready
from apps.core.redis import async_redis, blocking_redis
from apps.llm.engine import warm_up

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
HEARTBEAT_LIFETIME_SECONDS = 15


class Generator:
    """One process's work. `run` returns after `stop`, when everything has ended or was handed over."""

    def __init__(self) -> None:
        self.worker = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._runs: dict[UUID, Run] = {}
        self._entries: dict[bytes, UUID] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._free = asyncio.Semaphore(settings.ASSISTANT_STREAMS_PER_GENERATOR)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        await warm_up()
        await notices().subscribe(jobs.commands_channel(), self._hear_command, self._look_for_cancelled_soon)
        beating = asyncio.create_task(self._beat())
        taking = asyncio.create_task(self._take_jobs())
        logger.info("generator.ready", extra={"worker": self.worker})
        say_ready()
        await self._stopping.wait()
        taking.cancel()
        await self._drain()
        beating.cancel()
        await self._forget()
        logger.info("generator.stopped", extra={"worker": self.worker})

    # ------------------------------------------------------------ jobs

    async def _take_jobs(self) -> None:
        client = blocking_redis()
        while True:
            try:
                await jobs.make_group()
                while True:
                    await self._take_some(client)
            except redis.ResponseError as error:  # NOGROUP: Redis was emptied
                logger.warning("generator.queue_lost", extra={"kind": type(error).__name__})
            except (redis.RedisError, OSError):
                logger.warning("generator.redis_away")
            await asyncio.sleep(RETRY_SECONDS)

    async def _take_some(self, client: "redis.asyncio.Redis") -> None:
        await self._free.acquire()  # a slot, or jobs would lie here while other generators are idle
        self._free.release()
        free = settings.ASSISTANT_STREAMS_PER_GENERATOR - len(self._entries)
        for job in await jobs.take(client, self.worker, max(1, free)):
            self._start(job)

    def _start(self, job: Job) -> None:
        if job.entry_id in self._entries:
            return
        self._entries[job.entry_id] = job.generation_id
        task = asyncio.create_task(self._work(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, job: Job) -> None:
        async with self._free:
            try:
                if await self._generate(job):
                    await jobs.finish(job.entry_id)
            except Exception:  # its lease ends, and somebody takes it over
                logger.exception("generator.job_failed", extra={"generation": str(job.generation_id)})
            finally:
                self._entries.pop(job.entry_id, None)
                self._runs.pop(job.generation_id, None)

    async def _generate(self, job: Job) -> bool:
        """Run the job's generation; say whether the job is done with."""
        generation = await claim(job.generation_id, self.worker, taken_over=job.taken_over)
        if generation is None:
            await tell_stored_end(job.generation_id)
            return True
        request_id.set(generation.request_id)
        lines = await take_over_log(generation.pk, generation.epoch) if generation.epoch > 1 else []
        run = self._runs[generation.pk] = Run(generation, lines)
        logger.info(
            "generation.started",
            extra={
                "generation": str(generation.pk),
                "action": generation.action,
                "model": generation.model,
                "epoch": generation.epoch,
            },
        )
        if generation.cancel_requested_at:
            run.stop("cancel")
        return await run.execute()

    # ------------------------------------------------------------ cancelling

    def _hear_command(self, payload: bytes) -> None:
        run = self._runs.get(UUID(payload.decode()))
        if run is not None:
            run.stop("cancel")

    def _look_for_cancelled_soon(self) -> None:
        self._spawn(self._look_for_cancelled())

    async def _look_for_cancelled(self) -> None:
        """Make up for commands that were lost."""
        if self._runs:
            for generation_id in await cancelled_among(list(self._runs)):
                if run := self._runs.get(generation_id):
                    run.stop("cancel")

    # ------------------------------------------------------------ leases and life

    async def _beat(self) -> None:
        """Say that we live, keep the leases of what runs here, and take over what nobody keeps."""
        while True:
            try:
                await async_redis().set(
                    jobs.heartbeat_key(self.worker), int(time.time()), ex=HEARTBEAT_LIFETIME_SECONDS
                )
                await jobs.keep(self.worker, list(self._entries))
                await self._look_for_cancelled()
                if not self._stopping.is_set() and not self._free.locked():
                    for job in await jobs.take_over(self.worker, count=4):
                        self._start(job)
            except Exception:
                logger.warning("generator.heartbeat_failed", exc_info=True)
            await asyncio.sleep(settings.ASSISTANT_HEARTBEAT_SECONDS)

    async def _drain(self) -> None:
        """Let running generations end for a while; hand over the others, with what is written so far."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=settings.ASSISTANT_DRAIN_SECONDS)
        left, runs = dict(self._entries), dict(self._runs)
        for run in runs.values():
            run.stop("hand over")
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=1)
        for entry_id, generation_id in left.items():
            mine = runs.get(generation_id)
            if mine and await release(mine.generation, await mine.usages()):
                jobs.enqueue(generation_id)
                await jobs.finish(entry_id)
                logger.info("generation.handed_over", extra={"generation": str(generation_id)})

    async def _forget(self) -> None:
        try:
            await async_redis().delete(jobs.heartbeat_key(self.worker))
        except redis.RedisError:
            logger.warning("generator.heartbeat_failed")

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def tell_stored_end(generation_id: UUID) -> None:
    """Append the end to a log whose generator stored it and died before it could say so."""

    def ended() -> Generation | None:
        return Generation.objects.select_related("user", "turn").filter(pk=generation_id, ending__isnull=False).first()

    generation = await in_database(ended)
    if generation is None:
        return
    _, seq = await last_position(generation_id)
    if 0 < seq < generation.last_seq:
        lines = await in_database(replay, generation)
        await append(generation.document_id, generation.epoch + 1, lines[seq:])
        await expire_log(generation_id)
