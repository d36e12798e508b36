"""Starting generations (cancelling is in `ends`, deciding in `decisions`). Consumers and REST call them."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

import psycopg
from django.conf import settings
from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation
from psycopg_pool import PoolTimeout

from apps.accounts.models import User
from apps.assistant import metrics
from apps.assistant.actions import find_action
from apps.assistant.admission import look, own_terms
from apps.assistant.connections import web_pool
from apps.assistant.drafts import Draft
from apps.assistant.looked_at import door_of
from apps.assistant.messages.client import Generate, GenerationInput
from apps.assistant.models import CHAT, STORY, Generation
from apps.assistant.signals import generation_refused
from apps.assistant.starts import NeedsThread, create, start
from apps.core.database import in_database
from apps.core.errors import InterlineError, Invalid
from apps.core.kept import all_known
from apps.core.postgres import Pool
from apps.core.servers import InThread, on_loop, run_now
from apps.moderation.errors import RefusedInput
from apps.moderation.quarantine import write_down
from apps.quotas.payers import payer_for, payers
from apps.quotas.rates import EarlyCount, Window, count_generation

IN_THREAD = (CHAT, STORY)  # they read and write more than a generation, by Django


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
            started = run_now(start(servers, user, document_id, request, windows, count))
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
    pool = await web_pool()
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
            EarlyCount(servers, user.pk, request.id, windows) as early,
        ):
            with _counting_refusals():
                return await start(servers, user, document_id, request, windows, early.count, begin=early.begin)
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


def _existing(user: User, document_id: UUID, request: Generate) -> Generation:
    existing = Generation.objects.get(pk=request.id)
    if existing.user_id != user.pk or existing.document_id != document_id:
        raise Invalid("id: this id is taken.")
    return existing


def start_own(user: User, document_id: UUID, action: str, request: GenerationInput) -> Generation:
    """Start a private generation that nobody asked for but that serves `user`. Their rate does not hold it up.

    Its tokens are theirs, or their team's. The caller holds the person's lock. Raises QuotaExceeded, NotFound, and
    Forbidden where they, or a policy, may not have it.
    """
    wanted, found = Generate(id=uuid4(), action=action, input=request, visibility="private"), find_action(action)
    servers = InThread()
    standing = run_now(look(servers, user, document_id, wanted.id, locks=False))
    standing.check_policy(found)
    terms = own_terms(wanted, found, standing)
    payer = run_now(payer_for(terms.charged_tokens, payers(servers, user.pk, standing.team_id, own=standing.own)))
    return run_now(create(servers, Draft(user, document_id, wanted), terms, payer))
