"""A generation's stored events: writing its end, and replaying it afterwards."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.assistant import metrics
from apps.assistant.admission import settle_ended
from apps.assistant.decisions import decided_event, keep_numbers, number_decisions
from apps.assistant.log import Line, line_of
from apps.assistant.messages.events import Cancelled, Chunk, Done, Failed, Started, parse_event
from apps.assistant.models import CHAT, OPEN_STATES, SHEET, Generation, State
from apps.assistant.people import person, quota_of
from apps.assistant.recaps import recap_if_due
from apps.assistant.signals import generation_ended
from apps.assistant.story import take_reading
from apps.llm.routes import is_demo
from apps.moderation.redaction import Finding
from apps.moderation.verdicts import Place, record

ENDS: dict[str, type[Done] | type[Failed] | type[Cancelled]] = {"done": Done, "failed": Failed, "cancelled": Cancelled}


def started_event(generation: Generation) -> Started:
    return Started(
        type="started",
        id=generation.pk,
        seq=1,
        action=generation.action,
        user=person(generation.user),
        anchor=generation.anchor,
        model=generation.model,
        demo=is_demo(generation.model),
        conversation=generation.conversation_id,
    )


def end_event(generation: Generation) -> Done | Failed | Cancelled:
    """Return the end event as it was sent."""
    assert generation.ending is not None
    return ENDS[generation.ending["type"]].model_validate(generation.ending)


def private_to(generation: Generation) -> UUID | None:
    """Return who alone may see it; None: everybody in the document."""
    return generation.user_id if generation.is_private else None


@transaction.atomic
def store_end(
    generation_id: UUID,
    *,
    epoch: int,
    ending: Done | Failed | Cancelled,
    text: str,
    lengths: Sequence[int],
    events: Sequence[dict[str, Any]] = (),
    model: str,
    attempts: Sequence[dict[str, Any]] = (),
    first_token_at: datetime | None = None,
    findings: Sequence[Finding] = (),
    states: Collection[State] = OPEN_STATES,
) -> list[Line] | None:
    """Write the transcript and return the lines to append: the end, and decisions that were not told before it.

    A cancel that was asked for before wins, whatever ended it. None when the generation is in none of `states` any more
    or another generator has it. `lengths`, `events`, `attempts`: see Generation. `findings`: what its answer had.
    """
    generation = (
        Generation.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=generation_id, epoch=epoch, state__in=states)
        .first()
    )
    if generation is None:
        return None
    generation.attempts = list(attempts) or generation.attempts
    generation.prompt_tokens = sum(attempt["prompt_tokens"] for attempt in generation.attempts)
    generation.completion_tokens = sum(attempt["completion_tokens"] for attempt in generation.attempts)
    if generation.cancel_requested_at is not None:
        ending = Cancelled(type="cancelled", id=generation_id, seq=ending.seq, characters=len(text))
    generation.state = State(ending.type)
    generation.text = text
    generation.lengths = list(lengths)
    generation.events = [event for event in events if event["type"] != "decided"] or None
    keep_numbers(generation, events)
    generation.model = model
    generation.last_seq = ending.seq
    generation.first_token_at = first_token_at or generation.first_token_at
    generation.ended_at = timezone.now()
    if isinstance(ending, Failed):
        generation.error_code = ending.code
    settle_ended(generation)
    if isinstance(ending, Done):
        ending = ending.model_copy(update={"quota": quota_of(generation.user_id, generation.document_id)})
    generation.ending = ending.model_dump(mode="json")
    generation.save()
    note_findings(generation, findings)
    _follow_on_commit(generation)
    return [line_of(event, private_to(generation)) for event in (ending, *number_decisions(generation))]


def _follow_on_commit(generation: Generation) -> None:
    """Have what follows an end done as soon as it is committed; what fails of it holds nothing else up."""
    followers: list[Callable[[Generation], None]] = [metrics.note_end, _tell_ended]
    if generation.action == SHEET and generation.state == State.DONE:
        followers.append(take_reading)
    if generation.action == CHAT and generation.state == State.DONE:
        followers.append(recap_if_due)
    for follower in followers:
        transaction.on_commit(partial(follower, generation), robust=True)


def _tell_ended(generation: Generation) -> None:
    generation_ended.send(sender=Generation, generation=generation)


def note_findings(generation: Generation, findings: Sequence[Finding]) -> None:
    """Store what the generator with this epoch found in the answer."""
    place = Place("generation", generation.pk, generation.document_id, generation.user_id, "output")
    record(place, findings, run=str(generation.epoch))


def edits_of(generation: Generation) -> list[dict[str, Any]]:
    """Return the edits of a generation that has ended, as they were sent."""
    return [event for event in generation.events or () if event["type"] == "edit"]


def replay(generation: Generation) -> list[Line]:
    """Return the events of a generation that has ended, with `seq` as they were sent."""
    events: list[Any] = [started_event(generation)]
    numbered = generation.decisions.select_related("user").exclude(seq=None).order_by("seq")
    decided = {decision.seq: decided_event(decision, decision.seq) for decision in numbered if decision.seq}
    others = {event["seq"]: parse_event(event) for event in generation.events or ()} | decided
    position = 0
    for seq, length in enumerate(generation.lengths, start=2):
        if seq in others:
            events.append(others[seq])
            continue
        text = (generation.text or "")[position : position + length]
        position += length
        events.append(Chunk(type="chunk", id=generation.pk, seq=seq, text=text))
    end = end_event(generation)
    events += [end, *(event for seq, event in decided.items() if seq > end.seq)]
    return [line_of(event, private_to(generation)) for event in events]
