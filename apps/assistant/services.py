"""Starting generations (cancelling is in `ends`, deciding in `decisions`). Consumers and REST call them."""

import logging
from uuid import UUID, uuid4

import redis
from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.assistant import jobs, metrics
from apps.assistant.actions import Action, find_action
from apps.assistant.admission import Terms, check_concurrency, choose_payer, look, own_terms, store, terms_of
from apps.assistant.conversations import Place, find_place, take_place
from apps.assistant.messages import Generate, GenerationInput
from apps.assistant.models import CHAT, STORY, Generation
from apps.assistant.sheets import use_sheet
from apps.assistant.signals import generation_refused
from apps.core.errors import InterlineError, Invalid, NotFound, TooLarge
from apps.core.ids import request_id
from apps.documents.models import Document
from apps.llm.routes import deployments
from apps.moderation.screening import Asked, screen
from apps.quotas.allowances import Allowance
from apps.quotas.payers import payer_for, payers

logger = logging.getLogger(__name__)


def start_generation(user: User, document_id: UUID, request: Generate) -> tuple[Generation, bool]:
    """Return the generation `request.id` and whether it is new. Its job is queued on commit.

    Sent again by the same person, the id answers with what there is. Raises InterlineError.
    """
    try:
        return _start(user, document_id, request)
    except InterlineError as refusal:
        metrics.REFUSED.labels(refusal.code).inc()
        generation_refused.send(sender=Generation, code=refusal.code)
        raise


def _start(user: User, document_id: UUID, request: Generate) -> tuple[Generation, bool]:
    try:
        with transaction.atomic():
            standing = look(user, document_id, request.id)
            action = find_action(request.action)
            _check(request, action)
            if not standing.exists:
                terms, allowance = choose_payer(
                    request.id,
                    user.pk,
                    lambda allowance: terms_of(user.pk, standing.team_id, request, action, allowance),
                    payers(user.pk, standing.team_id, own=standing.own),
                )
                check_concurrency(standing, allowance)
                return _create(user, document_id, request, action, terms, allowance), True
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
    screen(_asked(request.input))
    if request.options.model and request.options.model not in {one.model for one in deployments()}:
        raise Invalid("options.model: there is no such model here.")


def _asked(request: GenerationInput) -> Asked:
    """Return what of a request is said to the assistant, and what it is given to read."""
    turns = request.messages or []
    said = [turn.content for turn in turns if turn.role == "user"]
    heard = [turn.content for turn in turns if turn.role != "user"]
    return Asked(
        orders=[request.instruction or "", request.tone or "", request.aspect or "", *said],
        read=[request.text_before or "", request.text_after or "", request.selection or "", *heard],
    )


def start_own(user: User, document_id: UUID, action: str, request: GenerationInput) -> Generation:
    """Start a private generation that nobody asked for but that serves `user`. Their rate does not hold it up.

    Its tokens are theirs, or their team's. The caller holds the person's lock. Raises QuotaExceeded.
    """
    wanted, found = Generate(id=uuid4(), action=action, input=request, visibility="private"), find_action(action)
    terms = own_terms(wanted, found)
    team_id = Document.objects.filter(pk=document_id).values_list("team_id", flat=True).first()
    payer = payer_for(terms.charged_tokens, payers(user.pk, team_id))
    return _create(user, document_id, wanted, found, terms, payer)


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
        options=request.options.model_dump(exclude_none=True)
        | {"max_tokens": terms.answer_tokens, "models": list(terms.choice.models)},
        model=terms.model,
        prompt_version=terms.variant.prompt_version or action.prompt_version,
        tier=allowance.tier,
        experiment=terms.variant.experiment,
        arm=terms.variant.arm,
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
