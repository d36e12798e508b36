"""What people decide about suggestions: kept once, told to everybody as an event of the generation.

An event's number is given by who writes the log: while a generation streams its generator, afterwards whoever decides.
"""

import logging
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.assistant import jobs, metrics
from apps.assistant.log import channel, line_of
from apps.assistant.messages.client import Decide
from apps.assistant.messages.events import Decided
from apps.assistant.models import Decision, Generation
from apps.assistant.people import person
from apps.assistant.queries import refuse_withdrawn
from apps.core.errors import NotFound, RateLimited
from apps.core.redis import sync_redis
from apps.documents.access import access_document
from apps.documents.models import Role

logger = logging.getLogger(__name__)


def decide(user: User, document_id: UUID, message: Decide) -> None:
    """Record what `user` decided about a suggestion, once however often it is sent. Everybody hears of it at once."""
    access_document(user, document_id, role=Role.EDITOR)
    with transaction.atomic():
        generation = Generation.objects.select_for_update().filter(pk=message.id, document_id=document_id).first()
        if generation is None or not generation.is_visible_to(user.pk):
            raise NotFound("There is no such generation.")
        if _is_known(generation, user, message):
            return
        refuse_withdrawn(generation)
        if generation.decisions.count() >= settings.ASSISTANT_DECISIONS_PER_GENERATION:
            raise RateLimited("That was too many decisions about one suggestion.")
        edit_ids = _edit_ids(generation)
        if message.edit_id is not None and edit_ids and message.edit_id not in edit_ids:
            raise NotFound("There is no such edit.")
        Decision.objects.create(
            generation=generation,
            user=user,
            edit_id=message.edit_id or "",
            decision=message.decision,
            final_text=message.final_text,
        )
        transaction.on_commit(metrics.DECISIONS.labels(generation.action, message.decision).inc)
        if generation.is_ended:
            transaction.on_commit(partial(_tell, generation, number_decisions(generation)))
        else:
            transaction.on_commit(partial(_tell_generator, generation))


def _is_known(generation: Generation, user: User, message: Decide) -> bool:
    """Say whether this is what `user` decided last: a client whose connection was cut sends its decision again."""
    last = generation.decisions.filter(user=user, edit_id=message.edit_id or "").order_by("pk").last()
    return last is not None and (last.decision, last.final_text) == (message.decision, message.final_text)


def _edit_ids(generation: Generation) -> set[str]:
    return {event["edit_id"] for event in generation.events or () if event["type"] == "edit"}


def _tell(generation: Generation, events: Iterable[Decided]) -> None:
    """Tell every process events that are stored already; a lost notice is made up for by the next `resume`."""
    private_to = generation.user_id if generation.is_private else None
    try:
        for event in events:
            sync_redis().publish(channel(generation.document_id), line_of(event, private_to).encode())
    except redis.RedisError:
        logger.warning("generation.not_told", extra={"generation": str(generation.pk)})


def _tell_generator(generation: Generation) -> None:
    """Have the generator look for decisions; where it does not hear of this, they are told with the end."""
    try:
        jobs.tell_decided(generation.pk)
    except redis.RedisError:
        logger.warning("generation.decision_not_told", extra={"generation": str(generation.pk)})


# ------------------------------------------------------------ numbers


def unnumbered(generation_id: UUID) -> list[Decision]:
    """Return the decisions that have no number yet, in their order."""
    waiting = Decision.objects.filter(generation_id=generation_id, seq=None)
    return list(waiting.select_related("user").order_by("pk"))


def told_already(decisions: Iterable[Decision], events: Sequence[dict[str, Any]]) -> list[tuple[Decision, int]]:
    """Return which of `decisions` the `decided` events among `events` told, each with its event's `seq`."""
    left = list(decisions)
    told = []
    for event in events:
        meant = next((one for one in left if event["type"] == "decided" and _is_of(event, one)), None)
        if meant is not None:
            left.remove(meant)
            told.append((meant, int(event["seq"])))
    return told


def _is_of(event: dict[str, Any], decision: Decision) -> bool:
    """Say whether `event` tells of `decision`, or of one that cannot be told from it."""
    said = (event["user"]["id"], event.get("edit_id") or "", event["decision"])
    return said == (str(decision.user_id), decision.edit_id, decision.decision)


def keep_numbers(generation: Generation, events: Sequence[dict[str, Any]]) -> None:
    """Give the decisions that were told while the generation streamed the numbers of their events."""
    if any(event["type"] == "decided" for event in events):
        for decision, seq in told_already(unnumbered(generation.pk), events):
            decision.seq = seq
            decision.save(update_fields=["seq"])


def number_decisions(generation: Generation) -> list[Decided]:
    """Give the decisions without a number the next ones. The generation has ended and its row is locked."""
    events = []
    for decision in unnumbered(generation.pk):
        generation.last_seq += 1
        decision.seq = generation.last_seq
        decision.save(update_fields=["seq"])
        events.append(decided_event(decision, decision.seq))
    if events:
        generation.save(update_fields=["last_seq"])
    return events


def decided_event(decision: Decision, seq: int) -> Decided:
    return Decided(
        id=decision.generation_id,
        seq=seq,
        edit_id=decision.edit_id or None,
        decision=decision.decision,
        user=person(decision.user),
    )
