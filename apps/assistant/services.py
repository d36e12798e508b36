"""What people do with generations: start and decide (cancelling is in `ends`). Consumers and REST call them."""

import logging
from typing import Any
from uuid import UUID, uuid4

import redis
from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.assistant import jobs
from apps.assistant.actions import Action, find_action
from apps.assistant.admission import Terms, check_concurrency, look, own_terms, store, terms_of
from apps.assistant.conversations import Place, find_place, take_place
from apps.assistant.log import channel, line_of
from apps.assistant.messages import Decide, Decided, Generate, GenerationInput
from apps.assistant.models import CHAT, STORY, Decision, Generation
from apps.assistant.people import person
from apps.assistant.sheets import use_sheet
from apps.core.errors import Invalid, NotFound, RateLimited, TooLarge
from apps.core.ids import request_id
from apps.core.redis import sync_redis
from apps.documents.access import access_document
from apps.documents.models import Role
from apps.llm.routes import deployments
from apps.quotas.allowances import Allowance, allowance_of
from apps.quotas.rates import check_rate

logger = logging.getLogger(__name__)


def start_generation(user: User, document_id: UUID, request: Generate) -> tuple[Generation, bool]:
    """Return the generation `request.id` and whether it is new. Its job is queued on commit.

    Sent again by the same person, the id answers with what there is. Raises InterlineError.
    """
    try:
        with transaction.atomic():
            standing = look(user, document_id, request.id)
            action = find_action(request.action)
            _check(request, action)
            if not standing.exists:
                terms = terms_of(request, action, standing.allowance)
                check_rate(user.pk, request.id, standing.allowance)
                check_concurrency(standing)
                return _create(user, document_id, request, action, terms, standing.allowance), True
    except IntegrityError:  # by another person, who sent the same id at the same moment
        pass
    existing = Generation.objects.get(pk=request.id)
    if existing.user_id != user.pk or existing.document_id != document_id:
        raise Invalid("id: this id is taken.")
    return existing, False


def _check(request: Generate, action: Action) -> None:
    if request.input.characters > settings.ASSISTANT_INPUT_MAX_CHARACTERS:
        raise TooLarge(f"The text is longer than {settings.ASSISTANT_INPUT_MAX_CHARACTERS:,} characters.")
    action.check(request.input)
    if request.options.model and request.options.model not in {one.model for one in deployments()}:
        raise Invalid("options.model: there is no such model here.")


def start_own(user: User, document_id: UUID, action: str, request: GenerationInput) -> Generation:
    """Start a private generation that nobody asked for but that serves `user`. Their rate does not hold it up.

    Its tokens are theirs. The caller holds the person's lock. Raises QuotaExceeded.
    """
    wanted, found = Generate(id=uuid4(), action=action, input=request, visibility="private"), find_action(action)
    return _create(user, document_id, wanted, found, own_terms(wanted, found), allowance_of(user.pk))


def _create(
    user: User, document_id: UUID, request: Generate, action: Action, terms: Terms, allowance: Allowance
) -> Generation:
    place = _place(user, document_id, request.input) if action.name == CHAT else None
    generation = Generation(
        id=request.id,
        document_id=document_id,
        user=user,
        action=action.name,
        visibility=place.conversation.visibility if place else request.visibility,
        anchor=request.anchor,
        input=request.input.model_dump(mode="json", exclude_none=True),
        options=request.options.model_dump(exclude_none=True) | {"max_tokens": terms.answer_tokens},
        model=terms.model,
        prompt_version=action.prompt_version,
        request_id=request_id.get(),
    )
    if action.name == STORY:
        use_sheet(user, document_id)
    store(generation, terms, allowance)
    if place is not None and request.input.messages:
        take_place(place, generation, question=request.input.messages[-1].content)
    transaction.on_commit(lambda: _ring(generation))
    logger.info(
        "generation.queued",
        extra={
            "generation": str(generation.pk),
            "document": str(document_id),
            "action": action.name,
            "characters": request.input.characters,
        },
    )
    return generation


def _place(user: User, document_id: UUID, request: GenerationInput) -> Place | None:
    """Return where a question goes, None for one outside of any conversation."""
    if request.about is not None:
        find_generation(user, document_id, request.about)
    if request.conversation is None:
        return None
    return find_place(user, document_id, request.conversation, after=request.after, replaces=request.replaces)


def _ring(generation: Generation) -> None:
    try:
        jobs.enqueue(generation.pk)
    except redis.RedisError:
        logger.warning("generation.not_rung", extra={"generation": str(generation.pk)})  # the sweep will


def find_generation(user: User, document_id: UUID, generation_id: UUID) -> Generation:
    """Return a generation `user` may see. Raises NotFound."""
    generation = (
        Generation.objects.select_related("user", "turn").filter(pk=generation_id, document_id=document_id).first()
    )
    if generation is None or not generation.is_visible_to(user.pk):
        raise NotFound("There is no such generation.")
    return generation


def decide(user: User, document_id: UUID, message: Decide) -> None:
    """Record what `user` decided about a suggestion, once however often it is sent.

    Everybody hears of it; before the end, they hear with the end.
    """
    access_document(user, document_id, role=Role.EDITOR)
    with transaction.atomic():
        generation = Generation.objects.select_for_update().filter(pk=message.id, document_id=document_id).first()
        if generation is None or not generation.is_visible_to(user.pk):
            raise NotFound("There is no such generation.")
        if _is_known(generation, user, message):
            return
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
        if generation.is_ended:
            events = number_decisions(generation)
            transaction.on_commit(lambda: tell(generation, events))


def _is_known(generation: Generation, user: User, message: Decide) -> bool:
    """Say whether this is what `user` decided last: a client whose connection was cut sends its decision again."""
    last = generation.decisions.filter(user=user, edit_id=message.edit_id or "").order_by("pk").last()
    return last is not None and (last.decision, last.final_text) == (message.decision, message.final_text)


def _edit_ids(generation: Generation) -> set[str]:
    return {event["edit_id"] for event in generation.events or () if event["type"] == "edit"}


def number_decisions(generation: Generation) -> list[Decided]:
    """Give the decisions without a number the next ones. The generation has ended and its row is locked."""
    events = []
    for decision in generation.decisions.select_related("user").filter(seq=None).order_by("pk"):
        generation.last_seq += 1
        decision.seq = generation.last_seq
        decision.save(update_fields=["seq"])
        events.append(decided_event(decision))
    if events:
        generation.save(update_fields=["last_seq"])
    return events


def decided_event(decision: Decision) -> Decided:
    return Decided.model_validate(
        {
            "type": "decided",
            "id": decision.generation_id,
            "seq": decision.seq,
            "edit_id": decision.edit_id or None,
            "decision": decision.decision,
            "user": person(decision.user),
        }
    )


def tell(generation: Generation, events: list[Any]) -> None:
    """Tell every process events that are stored already; a lost notice is made up for by the next `resume`."""
    private_to = generation.user_id if generation.is_private else None
    try:
        for event in events:
            sync_redis().publish(channel(generation.document_id), line_of(event, private_to).encode())
    except redis.RedisError:
        logger.warning("generation.not_told", extra={"generation": str(generation.pk)})
