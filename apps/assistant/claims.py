"""Which generator runs what: taking a generation's row, giving it back, and seeing that it was cancelled.

One statement each on the event loop's own connections. Through a thread and Django, taking a row cost 3 to 5 ms of
the time to the first token.
"""

import asyncio
import logging
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone
from psycopg import OperationalError, sql
from psycopg.types.json import Jsonb

from apps.accounts.models import User
from apps.assistant.advance import generation_in, row_in
from apps.assistant.context import Recalled
from apps.assistant.log import Fenced
from apps.assistant.memory import recalled_from, recalling, recalling_for
from apps.assistant.models import Generation, State, Turn
from apps.core.encryption import EncryptedTextField
from apps.core.postgres import Pool, async_pool

logger = logging.getLogger(__name__)

GENERATION_LOCK_SPACE = 0x4153474E  # "ASGN"
# Who starts a generation rings while it commits, and holds this lock until it has.
STARTED = "SELECT pg_advisory_xact_lock(%(generations)s::int, %(generation)s::int)"
NEW = """
UPDATE assistant_generation
SET state = 'running', epoch = 1, worker = %(worker)s, started_at = %(now)s
WHERE id = %(id)s AND state = 'queued' AND epoch = 0 AND cancel_requested_at IS NULL
"""
CLAIM = sql.SQL(
    """
UPDATE assistant_generation g
SET state = {running}, epoch = g.epoch + 1, worker = %(worker)s, started_at = coalesce(g.started_at, now())
FROM accounts_user u
WHERE g.id = %(id)s AND u.id = g.user_id
    AND (g.state = {queued} OR g.state = {running} AND g.worker = ANY(%(gone)s))
RETURNING {columns}, (SELECT t.conversation_id FROM assistant_turn t WHERE t.generation_id = g.id)
"""
)
RELEASE = """
UPDATE assistant_generation SET state = 'queued', worker = '', attempts = %(attempts)s
WHERE id = %(id)s AND state = 'running' AND worker = %(worker)s AND epoch = %(epoch)s
"""
SHOWN = "UPDATE assistant_generation SET last_seq = 1 WHERE id = %(id)s AND last_seq = 0"
CANCELLED = "SELECT id FROM assistant_generation WHERE id = ANY(%(ids)s) AND cancel_requested_at IS NOT NULL"


Rows = list[tuple[Any, ...]]


class NotClaimed(Fenced):
    """A generation was prepared before its row was claimed, and is not there as it was told, or is not to be run."""


@dataclass(frozen=True)
class Claimed:
    """A generation that is ours to run once `committed` is done, and what is known for it beside its input.

    Until then it may only be prepared: nobody may be told or asked anything. Where `committed` raises, it is not ours.
    """

    generation: Generation
    recalled: Recalled | None
    committed: Awaitable[None]


async def claim(generation_id: UUID, worker: str, *, gone: Collection[str] = ()) -> Claimed | None:
    """Return the generation for `worker` to run, in a new epoch; None when it has ended or somebody else runs it.

    `gone`: generators that do not run it any more, whatever the row says. One round trip; the commit, which waits for
    the disk, goes on.
    """
    found: asyncio.Future[tuple[Rows, Rows]] = asyncio.get_running_loop().create_future()
    taking = asyncio.create_task(_take(generation_id, worker, gone, found))
    either: set[asyncio.Future[Any]] = {found, taking}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not found.done():
        await taking
    await asyncio.sleep(0)  # the commit is on its way
    claimed, known = found.result()
    if not claimed:
        await taking
        return None
    return Claimed(_generation(claimed[0]), recalled_from(known), taking)


async def claim_told(copy: bytes, worker: str) -> Claimed | None:
    """Return the generation for `worker` to run in its first epoch, while its row is still being stored.

    `committed` raises NotClaimed where things are not as the advance copy says. None: it says nothing to us.
    """
    row = row_in(copy)
    if row is None:
        return None
    reading = asyncio.create_task(_read_beside(row))
    await asyncio.sleep(0)  # it is on its way
    generation = generation_in(row)
    generation.state, generation.epoch, generation.worker = State.RUNNING, 1, worker
    generation.started_at = timezone.now()
    taking = asyncio.create_task(_take_new(generation))
    generation.user, recalled = await reading
    return Claimed(generation, recalled, taking)


async def _read_beside(row: Mapping[str, Any]) -> tuple[User, Recalled | None]:
    """Return who asked, and what is known beside a request."""
    known = recalling_for(row["document_id"], row["user_id"], row["action"])
    async with (await pool()).connection() as connection, connection.pipeline():
        asking = await connection.execute(_person(), {"id": row["user_id"]}, prepare=True)
        reading = await connection.execute(known.sql, known.parameters, prepare=True)
    persons = await asking.fetchall()
    if not persons:  # gone meanwhile, and what they asked for with them
        raise NotClaimed
    return _user(persons[0]), recalled_from(await reading.fetchall())


async def _take_new(generation: Generation) -> None:
    """Claim a generation. Waits for who stores it."""
    claim = {"id": generation.pk, "worker": generation.worker, "now": generation.started_at}
    async with (await pool()).connection() as connection, connection.pipeline():
        await connection.execute(STARTED, starting_lock(generation.pk), prepare=True)
        claiming = await connection.execute(NEW, claim, prepare=True)
    if claiming.rowcount != 1:
        raise NotClaimed


async def _take(
    generation_id: UUID, worker: str, gone: Collection[str], found: "asyncio.Future[tuple[Rows, Rows]]"
) -> None:
    """Claim, and put what was read into `found` before it is committed."""
    known = recalling(generation_id)
    async with (await pool()).connection() as connection, connection.pipeline():
        await connection.execute(STARTED, starting_lock(generation_id), prepare=True)
        claiming = await connection.execute(
            _claim(), {"id": generation_id, "worker": worker, "gone": list(gone)}, prepare=True
        )
        reading = await connection.execute(known.sql, known.parameters, prepare=True)
        found.set_result((await claiming.fetchall(), await reading.fetchall()))


def starting_lock(generation_id: UUID) -> dict[str, int]:
    """Return the parameters of the lock that who starts a generation holds until its row is there."""
    return {"generations": GENERATION_LOCK_SPACE, "generation": generation_id.int % 2**31}


async def release(generation: Generation, attempts: list[dict[str, Any]]) -> bool:
    """Give a generation back to the queue; False when it has ended or is somebody else's."""
    values = {
        "id": generation.pk,
        "worker": generation.worker,
        "epoch": generation.epoch,
        "attempts": Jsonb(attempts),
    }
    async with (await pool()).connection() as connection:
        cursor = await connection.execute(RELEASE, values)
        return cursor.rowcount == 1


async def mark_shown(generation_id: UUID) -> None:
    """Note that people have seen the beginning: where the log has none of it, it was lost and cannot be made again."""
    try:
        async with (await pool()).connection() as connection:
            await connection.execute(SHOWN, {"id": generation_id})
    except OperationalError:
        logger.warning("generation.not_marked", extra={"generation": str(generation_id)})


async def cancelled_among(generation_ids: Collection[UUID]) -> list[UUID]:
    """Return those of `generation_ids` that somebody has asked to stop."""
    async with (await pool()).connection() as connection:
        cursor = await connection.execute(CANCELLED, {"ids": list(generation_ids)})
        return [row[0] for row in await cursor.fetchall()]


async def pool() -> Pool:
    """Return the generator's connections."""
    return await async_pool(
        "generator",
        max_size=settings.ASSISTANT_DATABASE_CONNECTIONS,
        wait_seconds=settings.ASSISTANT_DATABASE_WAIT_SECONDS,
    )


def _fields(model: type[models.Model]) -> list[Any]:
    return list(model._meta.concrete_fields)


@cache
def _claim() -> bytes:
    """Return the statement put together: 0.3 ms, and psycopg knows a prepared one by its text."""
    states = {"queued": sql.Literal(State.QUEUED.value), "running": sql.Literal(State.RUNNING.value)}
    return CLAIM.format(columns=_columns(), **states).as_bytes()


@cache
def _person() -> bytes:
    columns = sql.SQL(", ").join(sql.Identifier(field.column) for field in _fields(User))
    return sql.SQL("SELECT {} FROM accounts_user WHERE id = %(id)s").format(columns).as_bytes()


def _columns() -> sql.Composed:
    named = [("g", field.column) for field in _fields(Generation)] + [("u", field.column) for field in _fields(User)]
    return sql.SQL(", ").join(sql.Identifier(table, column) for table, column in named)


def _generation(row: tuple[Any, ...]) -> Generation:
    """Return the row as Django would have read it."""
    mine = _fields(Generation)
    generation = Generation.from_db("default", [field.attname for field in mine], _values(mine, row[: len(mine)]))
    generation.user = _user(row[len(mine) :])
    turn = Turn(generation=generation, conversation_id=row[-1]) if row[-1] else None
    generation._state.fields_cache["turn"] = turn
    return generation


def _user(row: tuple[Any, ...]) -> User:
    fields = _fields(User)
    return User.from_db("default", [field.attname for field in fields], _values(fields, row))


def _values(fields: list[Any], row: tuple[Any, ...]) -> list[Any]:
    """Decrypt what is encrypted; psycopg gives everything else as Django does."""
    return [
        field.from_db_value(value) if isinstance(field, EncryptedTextField) else value
        for field, value in zip(fields, row, strict=False)
    ]
