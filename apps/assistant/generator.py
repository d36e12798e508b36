"""The generator process: takes jobs, runs many generations at once on one event loop, replaces generators that die."""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable
from contextlib import suppress
from uuid import UUID

import redis
from django.conf import settings

from apps.assistant import jobs, metrics
from apps.assistant.claims import Claimed, NotClaimed, cancelled_among, claim, claim_told, release
from apps.assistant.jobs import Job
from apps.assistant.log import Line, append, expire_log, last_position, take_over_log
from apps.assistant.models import Generation
from apps.assistant.pulse import Pulse
from apps.assistant.runner import Run
from apps.assistant.transcripts import replay
from apps.core.database import in_database
from apps.core.error_reports import start_error_reports
from apps.core.heap import leave_out_of_collections, use_huge_pages
from apps.core.ids import request_id
from apps.core.metrics_report import start_reporting, stop_reporting
from apps.core.notices import notices
from apps.core.readiness import say_ready
from apps.core.redis import blocking_redis
from apps.core.tracing import Span, span, start_tracing, stop_tracing
from apps.llm.engine import warm_up
from apps.llm.health import probe_channel
from apps.llm.probe import probe
from apps.llm.stream import engine

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
TAKEN_OVER_AT_ONCE = 8


class Generator:
    """One process's work. `run` returns after `stop`, when everything has ended or was handed over."""

    def __init__(self) -> None:
        self.worker = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._pulse = Pulse(self.worker)
        self._runs: dict[UUID, Run] = {}
        self._entries: dict[bytes, UUID] = {}
        self._cancelled_early: set[UUID] = set()  # while they were being taken
        self._silent_since: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        metrics.STREAMING.set_function(self._runs.__len__)
        self._free = asyncio.Semaphore(settings.ASSISTANT_STREAMS_PER_GENERATOR)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        await warm_up()
        await notices().subscribe(jobs.commands_channel(), self._hear_command, self._look_for_cancelled_soon)
        await notices().subscribe(jobs.decisions_channel(), self._hear_decision, self._look_for_decisions)
        await notices().subscribe(probe_channel(), self._probe_soon, lambda: None)
        self._pulse.start()
        start_reporting("generator")
        start_error_reports("generator")
        start_tracing("generator")
        watching = asyncio.create_task(self._watch())
        taking = asyncio.create_task(self._take_jobs())
        leave_out_of_collections()
        use_huge_pages()
        logger.info("generator.ready", extra={"worker": self.worker})
        say_ready()
        await self._stopping.wait()
        taking.cancel()
        await self._drain()
        watching.cancel()
        await asyncio.to_thread(self._pulse.stop)
        await asyncio.to_thread(stop_reporting)
        await asyncio.to_thread(stop_tracing)
        await engine().aclose()
        logger.info("generator.stopped", extra={"worker": self.worker})

    # ------------------------------------------------------------ jobs

    async def _take_jobs(self) -> None:
        client = blocking_redis()
        while True:
            try:
                await jobs.make_group()
                await jobs.forget_absent()
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
                self._cancelled_early.discard(job.generation_id)

    async def _generate(self, job: Job) -> bool:
        """Run the job's generation; say whether the job is done with."""
        with span(
            "generation.run", kind="consumer", parent=job.traceparent, generation=str(job.generation_id)
        ) as whole:
            return await self._run_job(job, whole)

    async def _run_job(self, job: Job, whole: Span) -> bool:
        with suppress(NotClaimed):
            told = await claim_told(job.copy, self.worker) if job.copy else None
            if told is not None:
                return await self._run(told, [], whole)
        claimed = await claim(job.generation_id, self.worker, gone=[job.holder] if job.holder else [])
        if claimed is None:
            await tell_stored_end(job.generation_id)
            return True
        return await self._run(claimed, await self._taken_over(claimed), whole)

    async def _run(self, claimed: Claimed, lines: list[Line], whole: Span) -> bool:
        generation = claimed.generation
        request_id.set(generation.request_id)
        whole.note(action=generation.action, epoch=generation.epoch, request_id=generation.request_id)
        run = self._runs[generation.pk] = Run(claimed, lines)
        if generation.cancel_requested_at or generation.pk in self._cancelled_early:
            run.stop("cancel")
        return await run.execute()

    @staticmethod
    async def _taken_over(claimed: Claimed) -> list[Line]:
        if claimed.generation.epoch == 1:
            return []
        await claimed.committed
        return await take_over_log(claimed.generation.pk, claimed.generation.epoch)

    # ------------------------------------------------------------ cancelling

    def _hear_command(self, payload: bytes) -> None:
        generation_id = UUID(payload.decode())
        if run := self._runs.get(generation_id):
            run.stop("cancel")
        elif generation_id in self._entries.values():
            self._cancelled_early.add(generation_id)

    def _look_for_cancelled_soon(self) -> None:
        self._spawn(self._look_for_cancelled())

    def _probe_soon(self, model: bytes) -> None:
        self._spawn(probe(model.decode()))

    async def _look_for_cancelled(self) -> None:
        """Make up for commands that were lost."""
        if self._runs:
            for generation_id in await cancelled_among(list(self._runs)):
                if run := self._runs.get(generation_id):
                    run.stop("cancel")

    # ------------------------------------------------------------ decisions about what streams

    def _hear_decision(self, payload: bytes) -> None:
        if run := self._runs.get(UUID(payload.decode())):
            self._spawn(run.tell_decisions())

    def _look_for_decisions(self) -> None:
        """Make up for notices that were lost."""
        for run in self._runs.values():
            self._spawn(run.tell_decisions())

    # ------------------------------------------------------------ watching over each other

    async def _watch(self) -> None:
        """Look for what was cancelled, and take over what generators that are gone have left."""
        while True:
            self._pulse.loop_turned()
            try:
                await self._look_for_cancelled()
                if not self._stopping.is_set() and not self._free.locked():
                    await self._take_over()
            except redis.ResponseError:  # there is no queue yet
                self._silent_since.clear()
            except (redis.RedisError, OSError):
                self._silent_since.clear()  # when Redis is back, everybody needs a moment to be heard
                logger.warning("generator.redis_away")
            except Exception:
                logger.warning("generator.watch_failed", exc_info=True)
            await asyncio.sleep(settings.ASSISTANT_HEARTBEAT_SECONDS)

    async def _take_over(self) -> None:
        lease = settings.ASSISTANT_LEASE_SECONDS
        for holder in await self._gone():
            for job in await jobs.take_over(self.worker, holder, TAKEN_OVER_AT_ONCE, idle_seconds=lease / 2):
                metrics.TAKEN_OVER.inc()
                logger.warning("generation.taken_over", extra={"generation": str(job.generation_id), "holder": holder})
                self._start(job)
        # Our own that failed, because PostgreSQL was away for example.
        for job in await jobs.take_over(self.worker, self.worker, TAKEN_OVER_AT_ONCE, idle_seconds=lease):
            if job.generation_id not in self._entries.values():
                self._start(job)

    async def _gone(self) -> list[str]:
        """Return the generators with jobs that have been silent for so long that it is no delay."""
        now = time.monotonic()
        others = [holder for holder in await jobs.holders() if holder != self.worker]
        alive = await jobs.are_alive(others)
        silent = [holder for holder, is_alive in zip(others, alive, strict=True) if not is_alive]
        self._silent_since = {holder: self._silent_since.get(holder, now) for holder in silent}
        patience = 2 * settings.ASSISTANT_HEARTBEAT_SECONDS
        return [holder for holder, since in self._silent_since.items() if now - since >= patience]

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
