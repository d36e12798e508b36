"""Starting generations (cancelling is in `ends`, deciding in `decisions`). Consumers and REST call them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

import psycopg
import redis
from django.conf import settings
from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation
from psycopg_pool import PoolTimeout

from apps.accounts.models import User
from apps.assistant import jobs, metrics
from apps.assistant.actions import Action, find_action
from apps.assistant.admission import Standing, Terms, check_concurrency, choose_payer, look, own_terms, store, terms_of
from apps.assistant.conversations import Place, find_place, take_place
from apps.assistant.database import in_database
from apps.assistant.looked_at import asked_in, door_of, lookout_of_input
from apps.assistant.messages import Generate, GenerationInput
from apps.assistant.models import CHAT, STORY, Generation
from apps.assistant.queries import refuse_withdrawn
from apps.assistant.sheets import use_sheet
from apps.assistant.signals import generation_refused
from apps.core.errors import InterlineError, Invalid, NotFound, TooLarge
from apps.core.ids import request_id
from apps.core.kept import all_known
from apps.core.postgres import Pool, async_pool
from apps.core.servers import InThread, OnLoop, Servers, on_loop, run_now
from apps.llm.routes import deployments
from apps.moderation.errors import RefusedInput
from apps.moderation.models import Screening
from apps.moderation.quarantine import admit, write_down
from apps.moderation.redaction import Finding, Lookout
from apps.moderation.screening import Asked, screen
from apps.moderation.verdicts import Place as Found
from apps.moderation.verdicts import record
from apps.quotas.allowances import Allowance
from apps.quotas.payers import payer_for, payers
from apps.quotas.rates import Count, Window, count_early, count_generation, windows_of_asker

logger = logging.getLogger(__name__)

IN_THREAD = (CHAT, STORY)  # they read and write more than a generation, by Django


class NeedsThread(Exception):
    """Moderation has found something in a request: what becomes of it is Django's to store."""


_starting: set[asyncio.Task[tuple[Generation, bool]]] = set()
_persons: "WeakValueDictionary[UUID, asyncio.Lock]" = WeakValueDictionary()


def start_generation(
    user: User, document_id: UUID, request: Generate, *, windows: Sequence[Window] = ()
) -> tuple[Generation, bool]:
    """Return the generation `request.id` and whether it is new. Its job is queued on commit.

    Sent again by the same person, the id answers with what there is. `windows`: where it counts beside the person's
    own. Raises InterlineError.
    """
    try:
        with _counting_refusals(), _writing_down(user, document_id, request), transaction.atomic():
            servers = InThread()
            count = partial(count_generation, servers, request.id)
            started = run_now(_start(servers, user, document_id, request, windows, count))
    except IntegrityError:  # by another person, who sent the same id at the same moment
        started = None
    if started is None:
        return _existing(user, document_id, request), False
    return started, True


async def start_on_loop(
    user: User, document_id: UUID, request: Generate, *, windows: Sequence[Window] = ()
) -> tuple[Generation, bool]:
    """As `start_generation`, on the event loop. Once begun it goes on, whoever stops waiting for it."""
    if request.action in IN_THREAD or request.input.characters > settings.ASSISTANT_START_ON_LOOP_MAX_CHARACTERS:
        return await in_database(partial(start_generation, windows=windows), user, document_id, request)
    await all_known()
    starting = asyncio.create_task(_start_here(user, document_id, request, windows))
    _starting.add(starting)
    starting.add_done_callback(_starting.discard)
    try:
        return await asyncio.shield(starting)
    except NeedsThread:
        return await in_database(partial(start_generation, windows=windows), user, document_id, request)


async def _start_here(
    user: User, document_id: UUID, request: Generate, windows: Sequence[Window]
) -> tuple[Generation, bool]:
    pool = await async_pool(
        "starts",
        max_size=settings.ASSISTANT_START_CONNECTIONS,
        wait_seconds=settings.ASSISTANT_DATABASE_WAIT_SECONDS,
    )
    try:
        started = await _start_in(pool, user, document_id, request, windows)
    except PoolTimeout:
        raise
    except psycopg.OperationalError:  # PostgreSQL has closed the connection since its last use
        await pool.check()
        started = await _start_in(pool, user, document_id, request, windows)
    if started is None:
        return await in_database(_existing, user, document_id, request), False
    return started, True


async def _start_in(
    pool: Pool, user: User, document_id: UUID, request: Generate, windows: Sequence[Window]
) -> Generation | None:
    try:
        async with (
            # One at a time of each person: others of theirs would hold a connection each, waiting for their lock.
            _persons.setdefault(user.pk, asyncio.Lock()),
            on_loop(pool) as servers,
            count_early(servers, user.pk, request.id, windows) as count,
        ):
            with _counting_refusals():
                return await _start(servers, user, document_id, request, windows, count)
    except UniqueViolation:  # by another person, who sent the same id at the same moment
        return None


@contextmanager
def _writing_down(user: User, document_id: UUID, request: Generate) -> Iterator[None]:
    """Store what moderation refuses, when the transaction has been rolled back."""
    try:
        yield
    except RefusedInput as refusal:
        write_down(door_of(user, document_id, request), refusal)
        raise


@contextmanager
def _counting_refusals() -> Iterator[None]:
    try:
        yield
    except InterlineError as refusal:
        metrics.REFUSED.labels(refusal.code).inc()
        generation_refused.send(sender=Generation, code=refusal.code)
        raise


async def _start(
    servers: Servers, user: User, document_id: UUID, request: Generate, windows: Sequence[Window], count: Count
) -> Generation | None:
    """Store the generation, in the caller's transaction. None: there is one of this id."""
    standing = await look(servers, user, document_id, request.id)
    action = find_action(request.action)
    if not standing.exists:
        standing.check_policy(action)
    found = _check(servers, user, document_id, request, action, standing)
    if standing.exists:
        return None

    def terms_with(allowance: Allowance) -> Terms:
        return terms_of(user.pk, standing.team_id, request, action, allowance, standing.policy)

    def count_for(allowance: Allowance) -> Awaitable[None]:
        return count([*windows, *windows_of_asker(user.pk, standing.team_id, allowance)])

    async with aclosing(payers(servers, user.pk, standing.team_id, own=standing.own)) as candidates:
        terms, allowance = await choose_payer(candidates, terms_with, count_for, request)
    check_concurrency(standing, allowance)
    generation = await _create(servers, user, document_id, request, action, terms, allowance)
    record(Found("generation", request.id, document_id, user.pk, "input"), found)
    return generation


def _existing(user: User, document_id: UUID, request: Generate) -> Generation:
    existing = Generation.objects.get(pk=request.id)
    if existing.user_id != user.pk or existing.document_id != document_id:
        raise Invalid("id: this id is taken.")
    return existing


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


def start_own(user: User, document_id: UUID, action: str, request: GenerationInput) -> Generation:
    """Start a private generation that nobody asked for but that serves `user`. Their rate does not hold it up.

    Its tokens are theirs, or their team's. The caller holds the person's lock. Raises QuotaExceeded, NotFound, and
    Forbidden where they, or a policy, may not have it.
    """
    wanted, found = Generate(id=uuid4(), action=action, input=request, visibility="private"), find_action(action)
    servers = InThread()
    standing = run_now(look(servers, user, document_id, wanted.id, locks=False))
    standing.check_policy(found)
    terms = own_terms(wanted, found, standing.policy)
    payer = run_now(payer_for(terms.charged_tokens, payers(servers, user.pk, standing.team_id, own=standing.own)))
    return run_now(_create(servers, user, document_id, wanted, found, terms, payer))


async def _create(
    servers: Servers,
    user: User,
    document_id: UUID,
    request: Generate,
    action: Action,
    terms: Terms,
    allowance: Allowance,
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
        options=request.options.model_dump(exclude_defaults=True)
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
    async with _ringing(servers, generation):
        await store(servers, generation, terms, allowance, last=True)
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


@asynccontextmanager
async def _ringing(servers: Servers, generation: Generation) -> AsyncIterator[None]:
    """Ring once it is committed; on the loop while it is: whoever hears it waits for the commit (see claims)."""
    if isinstance(servers, InThread):
        transaction.on_commit(partial(_ring, generation))
        yield
    else:
        ringing = asyncio.create_task(_ring_on_loop(generation))
        await asyncio.sleep(0)  # it is on its way while the statements are put together
        try:
            yield
        finally:
            await ringing
        logger.info("generation.queued", extra=_facts(generation))


def _ring(generation: Generation) -> None:
    logger.info("generation.queued", extra=_facts(generation))
    with _surviving(generation):
        jobs.enqueue(generation.pk)


async def _ring_on_loop(generation: Generation) -> None:
    with _surviving(generation):
        await jobs.enqueue_on_loop(generation.pk)


@contextmanager
def _surviving(generation: Generation) -> Iterator[None]:
    """A bell that fails is rung by the sweep."""
    try:
        yield
    except (redis.RedisError, OSError):
        logger.warning("generation.not_rung", extra=_facts(generation))


def _facts(generation: Generation) -> dict[str, str]:
    return {"generation": str(generation.pk), "document": str(generation.document_id), "action": generation.action}


def find_generation(user: User, document_id: UUID, generation_id: UUID) -> Generation:
    """Return a generation `user` may see. Raises NotFound, and Withdrawn."""
    generation = (
        Generation.objects.select_related("user", "turn").filter(pk=generation_id, document_id=document_id).first()
    )
    if generation is None or not generation.is_visible_to(user.pk):
        raise NotFound("There is no such generation.")
    refuse_withdrawn(generation)
    return generation
