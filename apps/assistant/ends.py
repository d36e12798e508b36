"""Ends that no generator writes: of generations that wait in the queue, new ones and those that were handed over."""

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.assistant import jobs
from apps.assistant.context import estimate_tokens
from apps.assistant.log import Fenced, Gap, Line, append_now, line_of, read_log_now
from apps.assistant.messages.events import Cancelled, Failed
from apps.assistant.models import OPEN_STATES, Generation, State
from apps.assistant.queries import find_generation
from apps.assistant.transcripts import private_to, started_event, store_end
from apps.assistant.writer import Written
from apps.core.errors import Forbidden
from apps.documents.access import access_document
from apps.documents.models import Role
from apps.llm.requests import Attempt

logger = logging.getLogger(__name__)

MakeEnding = Callable[[int, str], Failed | Cancelled]  # of its seq and the text that was written


def cancel_generation(user: User, document_id: UUID, generation_id: UUID) -> None:
    """Have a generation stopped; nothing happens to one that has ended. Its own person may, and a document's owner.

    One that waits ends here and now; one that runs ends by its generator, which also looks at the row itself.
    """
    access = access_document(user, document_id)
    generation = find_generation(user, document_id, generation_id)
    if generation.user_id != user.pk and access.role != Role.OWNER:
        raise Forbidden("Only who started this, or the document's owner, may stop it.")
    stop(generation_id)


def stop(generation_id: UUID) -> None:
    """As `cancel_generation`, for whoever has found that it may not go on."""
    wish = Generation.objects.filter(pk=generation_id, state__in=OPEN_STATES, cancel_requested_at__isnull=True)
    if wish.update(cancel_requested_at=timezone.now()):
        have_cancelled(generation_id)


def cancel_all_of(user_id: UUID) -> None:
    """Have everything stopped that runs for a person, once the caller's transaction is committed. They are locked."""
    running = Generation.objects.filter(user_id=user_id, state__in=OPEN_STATES, cancel_requested_at__isnull=True)
    found = list(running.values_list("pk", flat=True))
    running.filter(pk__in=found).update(cancel_requested_at=timezone.now())
    for generation_id in found:
        transaction.on_commit(partial(have_cancelled, generation_id), robust=True)


def have_cancelled(generation_id: UUID) -> None:
    """End a generation that is to be cancelled where it waits, and tell its generator where it runs."""
    try:
        if not end_waiting(generation_id, lambda seq, text: _cancelled(generation_id, seq, text)):
            jobs.tell_cancelled(generation_id)
    except redis.RedisError:
        logger.warning("generation.cancel_not_told", extra={"generation": str(generation_id)})


def _cancelled(generation_id: UUID, seq: int, text: str) -> Cancelled:
    return Cancelled(type="cancelled", id=generation_id, seq=seq, characters=len(text))


def end_waiting(generation_id: UUID, make_ending: MakeEnding) -> bool:
    """End a generation that waits, with what was written of it; False where it does not wait (any more).

    Raises redis.RedisError before anything has changed.
    """
    waiting = Generation.objects.select_related("user", "turn").filter(pk=generation_id, state=State.QUEUED).first()
    if waiting is None:
        return False
    lines = read_log_now(generation_id)
    begun = lines or [line_of(started_event(waiting), private_to(waiting))]
    written = Written(begun)
    ending = store_end(
        generation_id,
        epoch=waiting.epoch,
        ending=make_ending(len(begun) + 1, written.text),
        text=written.text,
        lengths=written.lengths,
        events=written.events,
        model=waiting.model,
        attempts=[*waiting.attempts, *_lost(waiting, written)],
        states=(State.QUEUED,),
    )
    if ending is None:
        return False
    _tell(waiting, ending if lines else [*begun, *ending])
    return True


def _lost(generation: Generation, written: Written) -> list[dict[str, Any]]:
    """Return the attempt of a generator that died without saying what it spent: by our estimate, on the high side."""
    if not generation.epoch or generation.epoch in {one["epoch"] for one in generation.attempts}:
        return []
    text = written.text[sum(one["characters"] for one in generation.attempts) :]
    attempt = Attempt(generation.model, (), "lost", pieces=[text], completion_tokens=estimate_tokens(text))
    attempt.prompt_tokens = estimate_tokens(json.dumps(generation.input, ensure_ascii=False))
    return [{**attempt.usage(), "epoch": generation.epoch}]


def _tell(generation: Generation, lines: list[Line]) -> None:
    """Append to the log what is stored already; a reader that misses it finds it in the transcript."""
    try:
        append_now(generation.document_id, generation.epoch + 1, lines, settings.ASSISTANT_LOG_KEPT_SECONDS)
    except (redis.RedisError, Fenced, Gap):
        logger.warning("generation.not_told", extra={"generation": str(generation.pk)})
