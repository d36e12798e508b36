"""The sweep: generations whose generator died, or whose job or log was lost, go on or end visibly. Erasing."""

import logging
import time
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.assistant import jobs
from apps.assistant.admission import settle_ended
from apps.assistant.after_checks import check_all_due
from apps.assistant.allowed import stop_forbidden
from apps.assistant.conversations import erase_deleted
from apps.assistant.ends import end_waiting
from apps.assistant.log import Line
from apps.assistant.messages.events import Failed
from apps.assistant.models import OPEN_STATES, Generation, State
from apps.assistant.retention import blank_old_transcripts, trash_old_conversations
from apps.assistant.story import read_due_sheets
from apps.assistant.transcripts import store_end
from apps.core.redis import key, sync_redis
from apps.quotas.services import old_reservations, settle_lost

logger = logging.getLogger(__name__)

SWEPT_AT_ONCE = 1_000


@shared_task
def sweep_generations() -> None:
    """Ring again for what nobody runs; end what has waited too long. The queue keeps no second copy of the truth."""
    now = timezone.now()
    young = now - timedelta(seconds=settings.ASSISTANT_LEASE_SECONDS)
    old = now - timedelta(seconds=settings.ASSISTANT_QUEUE_MAX_WAIT_SECONDS)
    lost = Generation.objects.filter(state__in=OPEN_STATES, created_at__lt=young)
    # In a Redis that was emptied since the last sweep, no generator may have said again that it lives.
    knows_the_living = sync_redis().set(key("generator", "swept"), "1", get=True) is not None
    waiting = list(lost.order_by("created_at")[:SWEPT_AT_ONCE])
    gone = _gone({generation.worker for generation in waiting if generation.state == State.RUNNING})
    for generation in waiting:
        if generation.state == State.RUNNING:
            if knows_the_living and generation.worker in gone:
                _requeue(generation)
        elif generation.created_at < old and not _is_somebody_alive():
            _fail(generation)
        else:
            jobs.enqueue(generation.pk)  # harmless where its first job is still queued: it can be claimed once
    settle_stranded()


def settle_stranded() -> None:
    """Settle what was reserved for generations that have ended, or are gone with their document."""
    old = old_reservations(settings.ASSISTANT_LEASE_SECONDS)
    there = {
        generation.pk: generation
        for generation in Generation.objects.filter(pk__in=old).defer("input", "text", "anchor")
    }
    for generation in there.values():
        if generation.is_ended:
            settle_ended(generation)
    settle_lost([generation_id for generation_id in old if generation_id not in there])


@shared_task
def stop_against_policy(team_id: str | None) -> None:
    """Stop what was started against a policy while it became known; `team_id` None: everywhere."""
    stop_forbidden(None, UUID(team_id) if team_id else None)


@shared_task
def check_afterwards() -> None:
    """Have moderation look at transcripts and documents once more. The rows say what is due, so none can be lost."""
    checked = check_all_due()
    if checked:
        logger.info("moderation.checked", extra={"checked": checked})


@shared_task
def erase_conversations() -> None:
    """Erase the conversations that were deleted long enough ago."""
    erased = erase_deleted()
    if erased:
        logger.info("conversations.erased", extra={"conversations": erased})


@shared_task
def let_texts_go() -> None:
    """Blank transcripts, and put conversations away, that were kept as long as the installation keeps them."""
    blanked, moved = blank_old_transcripts(), trash_old_conversations()
    if blanked or moved:
        logger.info("assistant.texts_let_go", extra={"transcripts": blanked, "conversations": moved})


def _gone(workers: set[str]) -> set[str]:
    """Return those that are not heard of, twice in a row: a sign of life may be late."""
    silent = {worker for worker in workers if not sync_redis().exists(jobs.heartbeat_key(worker))}
    if silent:
        time.sleep(settings.ASSISTANT_LEASE_SECONDS / 2)
    return {worker for worker in silent if not sync_redis().exists(jobs.heartbeat_key(worker))}


def _is_somebody_alive() -> bool:
    return any(True for _ in sync_redis().scan_iter(match=jobs.heartbeat_key("*"), count=100))


def _requeue(generation: Generation) -> None:
    """Give a dead generator's work to another. Where its lease is taken over meanwhile, this comes to nothing."""
    same = Generation.objects.filter(pk=generation.pk, state=State.RUNNING, epoch=generation.epoch)
    if same.update(state=State.QUEUED, worker=""):
        logger.warning("generation.requeued", extra={"generation": str(generation.pk)})
        jobs.enqueue(generation.pk)


def end_lost(generation: Generation, message: str) -> list[Line] | None:
    """End a generation that nothing is left of but its request; None when it has ended already."""
    ending = Failed(
        type="failed", id=generation.pk, seq=2, code="internal", message=message, retryable=True, partial=False
    )
    return store_end(generation.pk, epoch=generation.epoch, ending=ending, text="", lengths=[], model=generation.model)


def _fail(generation: Generation) -> None:
    """End a generation that no generator took, and tell whoever waits for it. What was shown of it stays."""

    def ending(seq: int, text: str) -> Failed:
        return Failed(
            type="failed",
            id=generation.pk,
            seq=seq,
            code="internal",
            message="The assistant is not running. Try again later.",
            retryable=True,
            partial=bool(text),
        )

    if end_waiting(generation.pk, ending):
        logger.warning("generation.nobody_ran", extra={"generation": str(generation.pk)})


@shared_task
def read_stories() -> None:
    """Bring the sheets of stories up to date with their texts."""
    read_due_sheets()
