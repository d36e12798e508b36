"""What starting a generation is, wherever its statements run: in a thread's transaction or on the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from uuid import UUID

from django.conf import settings

from apps.accounts.models import User
from apps.assistant.actions import Action
from apps.assistant.admission import Standing, Terms, check_concurrency, choose_payer, look, store, terms_of
from apps.assistant.bell import ringing
from apps.assistant.conversations import Place, find_place, take_place
from apps.assistant.drafts import Draft
from apps.assistant.looked_at import asked_in, door_of, lookout_of_input
from apps.assistant.messages.client import Generate, GenerationInput
from apps.assistant.models import CHAT, STORY, Generation
from apps.assistant.noted import noted_in
from apps.assistant.queries import find_generation
from apps.assistant.sheets import use_sheet
from apps.core.errors import Invalid, TooLarge
from apps.core.servers import OnLoop, Servers
from apps.llm.routes import deployments
from apps.moderation.errors import RefusedInput
from apps.moderation.models import Screening
from apps.moderation.quarantine import admit
from apps.moderation.redaction import Finding, Lookout
from apps.moderation.screening import Asked, screen
from apps.moderation.verdicts import Place as Found
from apps.moderation.verdicts import record
from apps.quotas.allowances import Allowance
from apps.quotas.payers import payers
from apps.quotas.rates import Count, Window, windows_of_asker


class NeedsThread(Exception):
    """Moderation has found something in a request: what becomes of it is Django's to store."""


async def start(
    servers: Servers,
    user: User,
    document_id: UUID,
    request: Generate,
    windows: Sequence[Window],
    count: Count,
    *,
    begin: Callable[[], None] = lambda: None,
) -> Generation | None:
    """Store the generation, in the caller's transaction. None: there is one of this id.

    `begin`: what may be begun as soon as PostgreSQL has been asked.
    """
    draft = Draft(user, document_id, request)

    async def meanwhile() -> None:
        begin()
        await asyncio.sleep(0)  # it is on its way
        draft.prepare()

    standing = await look(servers, user, document_id, request.id, meanwhile=meanwhile)
    action = draft.action
    if not standing.exists:
        standing.check_policy(action)
    found = _check(servers, user, document_id, request, action, standing)
    if standing.exists:
        return None

    def terms_with(allowance: Allowance) -> Terms:
        return terms_of(user.pk, standing, draft, allowance)

    def count_for(allowance: Allowance) -> Awaitable[None]:
        return count([*windows, *windows_of_asker(user.pk, standing.team_id, allowance)])

    async with aclosing(payers(servers, user.pk, standing.team_id, own=standing.own)) as candidates:
        terms, allowance = await choose_payer(candidates, terms_with, count_for, request)
    check_concurrency(standing, allowance)
    generation = await create(servers, draft, terms, allowance, found)
    record(Found("generation", request.id, document_id, user.pk, "input"), found)
    return generation


def _check(
    servers: Servers, user: User, document_id: UUID, request: Generate, action: Action, standing: Standing
) -> list[Finding]:
    """Return what is to be noted of a request. Raises InterlineError where it may not be made, and NeedsThread."""
    if request.input.characters > settings.ASSISTANT_INPUT_MAX_CHARACTERS:
        raise TooLarge(f"The text is longer than {settings.ASSISTANT_INPUT_MAX_CHARACTERS:,} characters.")
    action.check(request.input)
    looked_for = lookout_of_input(request.input, standing.own.tier)
    if isinstance(servers, OnLoop):
        found = _nothing_in(asked_in(request.input), looked_for)
    else:
        strict = standing.policy.screening is Screening.STRICT
        found = admit(door_of(user, document_id, request), looked_for, strict=strict)
    if request.options.model and request.options.model not in {one.model for one in deployments()}:
        raise Invalid("options.model: there is no such model here.")
    return found


def _nothing_in(asked: Asked, looked_for: Lookout | None) -> list[Finding]:
    """Raises NeedsThread where anything is found."""
    try:
        found = screen(asked, looked_for)
    except RefusedInput:
        raise NeedsThread from None
    if found:
        raise NeedsThread
    return found


async def create(
    servers: Servers, draft: Draft, terms: Terms, allowance: Allowance, found: Sequence[Finding] = ()
) -> Generation:
    """Store a generation whose tokens `allowance` pays, with its place in a conversation, and ring.

    `found`: what was noted of the request.
    """
    generation, request, action = draft.row, draft.request, draft.action
    place = _place(generation.user, generation.document_id, request.input) if action.name == CHAT else None
    if place is not None:
        generation.visibility = place.conversation.visibility
    generation.options = (
        request.options.model_dump(exclude_defaults=True)
        | {"max_tokens": terms.answer_tokens, "models": list(terms.choice.models)}
        | noted_in(found)
    )
    generation.model = terms.model
    generation.prompt_version = terms.variant.prompt_version or action.prompt_version
    generation.tier = allowance.tier
    generation.experiment = terms.variant.experiment
    generation.arm = terms.variant.arm
    if action.name == STORY:
        use_sheet(generation.user, generation.document_id)
    insertion = draft.insertion.statement()
    async with ringing(servers, generation, insertion.parameters):
        await store(servers, generation, insertion, terms, allowance, last=True)
    if place is not None and request.input.messages:
        take_place(place, generation, question=request.input.messages[-1].content)
    return generation


def _place(user: User, document_id: UUID, request: GenerationInput) -> Place | None:
    """Return where a question goes, None for one outside of any conversation."""
    if request.about is not None:
        find_generation(user, document_id, request.about)
    if request.conversation is None:
        return None
    return find_place(user, document_id, request.conversation, after=request.after, replaces=request.replaces)
