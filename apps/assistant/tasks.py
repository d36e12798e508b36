"""The sweep: generations whose generator died, or whose job or log was lost, go on or end visibly. Erasing."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import redis
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.assistant import jobs
from apps.assistant.admission import settle_ended
from apps.assistant.conversations import erase_deleted
from apps.assistant.log import Line, channel, events_key, line_of, text_of
from apps.assistant.messages import Failed
from apps.assistant.models import OPEN_STATES, Generation, State
from apps.assistant.story import read_due_sheets
from apps.assistant.transcripts import private_to, started_event, store_end
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
    for generation in lost.select_related("user", "turn").order_by("created_at")[:SWEPT_AT_ONCE]:
        if generation.state == State.RUNNING:
            if knows_the_living and not _is_alive(generation.worker):
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
def erase_conversations() -> None:
    """Erase the conversations that were deleted long enough ago."""
    erased = erase_deleted()
    if erased:
        logger.info("conversations.erased", extra={"conversations": erased})


def _is_alive(worker: str) -> bool:
    return bool(sync_redis().exists(jobs.heartbeat_key(worker)))


def _is_somebody_alive() -> bool:
    return any(True for _ in sync_redis().scan_iter(match=jobs.heartbeat_key("*"), count=100))


def _requeue(generation: Generation) -> None:
    """Give a dead generator's work to another. Where its lease is taken over meanwhile, this comes to nothing."""
    same = Generation.objects.filter(pk=generation.pk, state=State.RUNNING, epoch=generation.epoch)
    if same.update(state=State.QUEUED, worker=""):
        logger.warning("generation.requeued", extra={"generation": str(generation.pk)})
        jobs.enqueue(generation.pk)


def end_lost(generation: Generation, message: str, written: Sequence[Line] = ()) -> list[Line] | None:
    """End a generation of which nothing is left but its request and what is `written`; None when it has ended."""
    texts = [text_of(line) for line in written]
    ending = Failed(
        type="failed",
        id=generation.pk,
        seq=max(2, len(written) + 1),
        code="internal",
        message=message,
        retryable=True,
        partial=any(texts),
    )
    return store_end(
        generation.pk,
        epoch=generation.epoch,
        ending=ending,
        text="".join(texts),
        lengths=[len(text) for text in texts[1:]],
        model=generation.model,
    )


def _fail(generation: Generation) -> None:
    """End a generation that no generator took, and tell whoever waits for it. What was shown of it stays."""
    entries: Any = sync_redis().xrange(events_key(generation.pk))
    written = [Line.decode(fields[b"e"]) for _, fields in entries]
    lines = end_lost(generation, "The assistant is not running. Try again later.", written)
    if lines is None:
        return
    logger.warning("generation.nobody_ran", extra={"generation": str(generation.pk)})
    told = [*([] if written else [line_of(started_event(generation), private_to(generation))]), *lines]
    payload: Any = b"\n".join(line.encode() for line in told)
    try:
        sync_redis().publish(channel(generation.document_id), payload)
    except redis.RedisError:
        logger.warning("generation.not_told", extra={"generation": str(generation.pk)})


@shared_task
def read_stories() -> None:
    """Bring the sheets of stories up to date with their texts."""
    read_due_sheets()
