"""Runs one generation: prompt, model, log, transcript. Its end is always an event, whatever happened."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any, Literal

import psycopg
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from apps.assistant.asking import prepare
from apps.assistant.claims import Claimed, NotClaimed, mark_shown
from apps.assistant.decisions import decided_event, told_already, unnumbered
from apps.assistant.log import Fenced, Line, expire_log
from apps.assistant.messages.events import Cancelled, Done, Failed, Status, Timing, Usage
from apps.assistant.model_check import ModelCheck
from apps.assistant.models import Generation
from apps.assistant.noted import NOTED, notes
from apps.assistant.output import Output, TooLong
from apps.assistant.transcripts import note_findings, private_to, started_event, store_end
from apps.assistant.writer import LogWriter
from apps.core.database import in_database
from apps.core.errors import InterlineError
from apps.core.tracing import here, span
from apps.llm.requests import Attempt, Delta, Finish, Prompt, Rerouted, Retrying
from apps.llm.stream import settle, stream
from apps.moderation.redaction import Finding

logger = logging.getLogger(__name__)

DATABASE_RETRY_SECONDS = 1.0
DATABASE_ATTEMPTS = 30
ANNOUNCE_AFTER_SECONDS = 0.002  # the model is asked first: announcing takes 0.6 ms of CPU

Stop = Literal["", "cancel", "hand over"]
Ending = Done | Failed | Cancelled


class Interrupted(InterlineError):
    """Generators died over this generation."""

    retryable = True


class Run:
    """A generation in the hands of this process."""

    def __init__(self, claimed: Claimed, lines: list[Line]) -> None:
        """`lines`: what generators before us wrote; ours goes on where they stopped."""
        self.generation = generation = claimed.generation
        self._claimed = claimed
        self.model = generation.model
        self._written_before = bool(lines)
        self._writer = LogWriter(
            generation.pk,
            generation.document_id,
            epoch=generation.epoch,
            private_to=private_to(generation),
            lines=lines,
            is_current=self._is_current,
        )
        self._output: Output | None = None
        self._is_announced = False
        self._decided_early = False
        self._closing = False  # what is decided from now on is told with the end, or by who takes over
        self._told: set[int] | None = None  # decisions whose event was written; None: not looked up yet
        self._findings: list[Finding] = []
        self._noted = set(generation.options.get(NOTED, ()))  # kinds of what was found in the text that is read
        self._inner: asyncio.Task[Finish] | None = None
        self._stop: Stop = ""
        self._refusal: InterlineError | None = None
        self._attempts: list[Attempt] = []
        self._lost: list[Attempt] = []  # of the generator before us
        self._usages: list[dict[str, Any]] = generation.attempts
        self._marking: asyncio.Task[None] | None = None
        self._first_token_at: datetime | None = None

    def stop(self, why: Stop) -> None:
        """End the run soon: a person cancelled it, or this process has to go."""
        self._stop = self._stop or why
        if self._inner is not None:
            self._inner.cancel()

    def _refuse(self, error: InterlineError) -> None:
        """End the run: what was asked may not be answered, as was found out while it is."""
        self._refusal = error
        if self._inner is not None:
            self._inner.cancel()

    async def _be_ours(self) -> None:
        """Wait until the claim is committed. Raises Fenced where it was not, NotClaimed where there is none."""
        try:
            await asyncio.shield(self._claimed.committed)  # who stops this run must not stop the commit
        except psycopg.Error:
            logger.warning("generation.not_claimed", extra={"generation": str(self.generation.pk)})
            raise Fenced from None

    async def _is_current(self) -> bool:
        mine = Generation.objects.filter(pk=self.generation.pk, epoch=self.generation.epoch)
        while True:
            try:
                return await in_database(mine.exists)
            except OperationalError:
                await asyncio.sleep(DATABASE_RETRY_SECONDS)

    async def execute(self) -> bool:
        """Run to the end. False when nothing ended: it is to be handed over, or somebody else has it.

        Raises NotClaimed, when nobody was told or asked anything.
        """
        flushing = asyncio.create_task(self._writer.run())
        try:
            ending = self._given_up() or await self._answer(flushing)
            self._closing = True
            if ending is None:
                await self._writer.flush()
                await self._keep_findings()
                return False
            return await self._finish(ending)
        except NotClaimed:
            raise
        except Fenced:
            logger.warning(
                "generation.fenced", extra={"generation": str(self.generation.pk), "epoch": self.generation.epoch}
            )
            return False
        finally:
            flushing.cancel()
            if self._marking is not None:
                await asyncio.wait({self._marking})

    async def tell_decisions(self) -> None:
        """Write an event for each decision about this generation that has none; not before the first event."""
        if not self._is_announced:
            self._decided_early = True
            return
        try:
            decisions = await in_database(unnumbered, self.generation.pk)
        except OperationalError:
            logger.warning("generation.decisions_unread", extra={"generation": str(self.generation.pk)})
            return
        if self._told is None:
            self._told = {decision.pk for decision, _ in told_already(decisions, self._writer.events)}
        for decision in decisions:
            if decision.pk not in self._told and not self._closing:
                self._told.add(decision.pk)
                self._writer.write_event(partial(decided_event, decision))

    async def usages(self) -> list[dict[str, Any]]:
        """Return what every request to a provider cost so far: of this run, and of those before it. See Generation."""
        epoch = self.generation.epoch
        attempts = [(epoch - 1, one) for one in self._lost] + [(epoch, one) for one in self._attempts]
        await settle([one for _, one in attempts])
        return [*self.generation.attempts, *({**one.usage(), "epoch": epoch} for epoch, one in attempts)]

    def _given_up(self) -> Callable[[], Ending] | None:
        """Return what makes the end of a generation that cannot go on: its log is lost, or it kills generators."""
        if self.generation.last_seq and not self._written_before:
            return partial(self._failed, Interrupted("The answer was interrupted and its beginning lost. Try again."))
        if self.generation.epoch > settings.ASSISTANT_ATTEMPTS_MAX:
            return partial(self._failed, Interrupted("The answer was interrupted too often. What was written is kept."))
        return None

    async def _answer(self, flushing: "asyncio.Task[None]") -> Callable[[], Ending] | None:
        """Stream the answer; return what makes its end event, once everything written has been sent."""
        self._inner = asyncio.create_task(self._stream())
        if self._stop:
            self._inner.cancel()
        try:
            await asyncio.wait({self._inner, flushing}, return_when=asyncio.FIRST_COMPLETED)
            if flushing.done():
                self._inner.cancel()
                flushing.result()
            finish = await self._inner
        except asyncio.CancelledError:
            if not self._stop and self._refusal is None:
                self._inner.cancel()
                raise
            return self._stopped()
        except TooLong:
            return partial(self._done, Finish("length"))
        except InterlineError as error:
            return partial(self._failed, error)
        except Fenced:
            raise
        except Exception:
            logger.exception("generation.crashed", extra={"generation": str(self.generation.pk)})
            return partial(self._failed, InterlineError("Something went wrong here. What was written is kept."))
        return partial(self._done, finish)

    def _stopped(self) -> Callable[[], Ending] | None:
        """Return what makes the end of an answer that we have stopped ourselves; None where it is handed over."""
        if self._stop == "cancel":
            return self._cancelled
        return partial(self._failed, self._refusal) if self._refusal is not None and not self._stop else None

    async def _stream(self) -> Finish:
        """Send `started` (or `resumed`) and pass the model's text to the writer."""
        announcing = asyncio.create_task(self._announce())
        try:
            return await self._pass_on(announcing)
        finally:
            await announcing

    async def _pass_on(self, announcing: "asyncio.Task[None]") -> Finish:
        """Ask the model while the announcement is on its way; nothing is written before it."""
        check = ModelCheck(self.generation, self._be_ours)
        with span("generation.prepare"):
            recalled = self._claimed.recalled
            chat, output = await prepare(
                self.generation, recalled, self._writer, self._findings, self._noted, be_ours=self._be_ours
            )
            await check.wait()
            await self._be_ours()
        check.follow(self._refuse)
        self._output = output
        self._note_lost(chat.messages)
        async with aclosing(stream(chat, self._attempts)) as items:
            async for item in items:
                await announcing
                match item:
                    case Delta(text):
                        self._note_first_token()
                        output.take(text)
                    case Retrying():
                        await self._status("retrying", "The model did not answer and is asked again.")
                    case Rerouted(model, resumed):
                        self.model = model
                        if resumed:
                            output.resume()
                        await self._status("fallback", "Another model takes over.")
                    case Finish():
                        output.close(item)
                        return item
        raise AssertionError("a stream ends with Finish or raises")

    def _note_first_token(self) -> None:
        if self._first_token_at is None:
            self._first_token_at = timezone.now()
            here().event("first token")

    def _note_lost(self, prompt: Prompt) -> None:
        """Note what the generator before us spent where it died without saying: at least what it wrote."""
        before = self.generation.epoch - 1
        if before and before not in {usage["epoch"] for usage in self.generation.attempts}:
            accounted = sum(usage["characters"] for usage in self.generation.attempts)
            lost = self._writer.text[accounted:]
            self._lost = [Attempt(self.model, prompt, "lost", began=True, pieces=[lost])]

    async def _announce(self) -> None:
        await asyncio.sleep(ANNOUNCE_AFTER_SECONDS)
        await self._be_ours()
        logger.info(
            "generation.started",
            extra={
                "generation": str(self.generation.pk),
                "action": self.generation.action,
                "model": self.model,
                "epoch": self.generation.epoch,
            },
        )
        if self._written_before:
            await self._status("resumed", "Another generator goes on.")
        else:
            await self._writer.event(started_event(self.generation))
            self._marking = asyncio.create_task(mark_shown(self.generation.pk))
        self._is_announced = True
        if self._written_before or self._decided_early:
            await self.tell_decisions()

    async def _status(self, state: Literal["retrying", "fallback", "resumed"], detail: str) -> None:
        await self._writer.flush()
        await self._writer.event(
            Status(
                type="status",
                id=self.generation.pk,
                seq=self._writer.next_seq,
                state=state,
                model=self.model,
                detail=detail,
            )
        )

    async def _finish(self, make_ending: Callable[[], Ending]) -> bool:
        """Store the transcript, then tell the end: who hears it can read everything. Raises Fenced."""
        await self._be_ours()
        await self._writer.flush()
        if self._writer.next_seq == 1:  # an end never comes first
            await self._writer.event(started_event(self.generation))
        self._usages = await self.usages()
        ending = make_ending()
        with span("generation.store"):
            lines = await self._store(ending)
        if lines is None:
            raise Fenced
        await self._writer.end(lines)
        await expire_log(self.generation.pk)
        self._trace(ending)
        logger.info(
            "generation.ended",
            extra={
                "generation": str(self.generation.pk),
                "state": ending.type,
                "code": getattr(ending, "code", ""),
                "characters": len(self._writer.text),
                "events": ending.seq,
            },
        )
        return True

    def _trace(self, ending: Ending) -> None:
        current, code = here(), getattr(ending, "code", "")
        current.event("last token")
        current.note(outcome=ending.type, code=code, model=self.model, characters=len(self._writer.text))
        if code:
            current.failed(code)

    async def _store(self, ending: Ending) -> list[Line] | None:
        for attempt in range(1, DATABASE_ATTEMPTS + 1):
            try:
                return await in_database(
                    store_end,
                    self.generation.pk,
                    epoch=self.generation.epoch,
                    ending=ending,
                    text=self._writer.text,
                    lengths=self._writer.lengths,
                    events=self._writer.events,
                    model=self.model,
                    attempts=self._usages,
                    first_token_at=self._first_token_at,
                    findings=self._findings,
                )
            except OperationalError:
                logger.warning(
                    "generation.database_away", extra={"generation": str(self.generation.pk), "attempt": attempt}
                )
                await asyncio.sleep(DATABASE_RETRY_SECONDS)
        return None

    async def _keep_findings(self) -> None:
        """Store what was found so far: who takes over does not know it."""
        if self._findings:
            try:
                await in_database(note_findings, self.generation, self._findings)
            except OperationalError:
                logger.warning("generation.findings_lost", extra={"generation": str(self.generation.pk)})

    def _done(self, finish: Finish) -> Done:
        created, started = self.generation.created_at, self.generation.started_at or self.generation.created_at
        now = timezone.now()
        text = self._writer.text
        return Done(
            type="done",
            id=self.generation.pk,
            seq=self._writer.next_seq,
            finish_reason=finish.reason,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            characters=len(text),
            usage=Usage(
                prompt_tokens=sum(one["prompt_tokens"] for one in self._usages),
                completion_tokens=sum(one["completion_tokens"] for one in self._usages),
            ),
            timing=Timing(
                queued_ms=_milliseconds(created, started),
                first_token_ms=_milliseconds(created, self._first_token_at or now),
                total_ms=_milliseconds(created, now),
            ),
            edits=self._output.counts if self._output else None,
            notes=notes(self._noted),
        )

    def _failed(self, error: InterlineError) -> Failed:
        return Failed(
            type="failed",
            id=self.generation.pk,
            seq=self._writer.next_seq,
            code=error.code,
            message=error.message,
            retryable=error.retryable,
            retry_after=error.retry_after,
            partial=bool(self._writer.text) or any(event["type"] == "edit" for event in self._writer.events),
        )

    def _cancelled(self) -> Cancelled:
        return Cancelled(
            type="cancelled", id=self.generation.pk, seq=self._writer.next_seq, characters=len(self._writer.text)
        )


def _milliseconds(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))
