"""PostgreSQL past the ORM: several statements in one round trip, and asyncio pools beside Django's connections."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection, connections
from django.db.models import Model
from psycopg import AsyncConnection, Cursor
from psycopg_pool import AsyncConnectionPool

CONNECTION_PARAMETERS = (
    *("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "options", "connect_timeout"),
    *("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
)

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]

_pools: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Pool]]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Statement:
    """An SQL statement and what its placeholders stand for."""

    sql: str
    parameters: Mapping[str, Any]


def in_one_trip(*statements: Statement) -> list[list[tuple[Any, ...]]]:
    """Run `statements` one after the other on Django's connection, and return the rows of each.

    They are sent together (libpq's pipeline mode), and planned once per connection: a round trip and a plan take
    longer than most of them. Raises django.db.Error.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    with connection.wrap_database_errors:
        with raw.pipeline():
            cursors = [
                Cursor(raw).execute(statement.sql, statement.parameters, prepare=True) for statement in statements
            ]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


class Insertion:
    """The insertion of `row` as Django's `save(force_insert=True)` would do it, without its signals.

    What `row` has when this is made is prepared for the database at once; what it is given until `statement` is, then.
    """

    def __init__(self, row: Model) -> None:
        self._row = row
        self._prepared: dict[str, tuple[Any, Any]] = {}  # by column: a value, and what the database gets for it
        self._prepare()

    def _prepare(self) -> None:
        for field in self._row._meta.concrete_fields:
            known = self._prepared.get(str(field.column))
            if known is None or known[0] is not getattr(self._row, field.attname):
                prepared = field.get_db_prep_save(field.pre_save(self._row, add=True), connection)
                self._prepared[str(field.column)] = getattr(self._row, field.attname), prepared

    def statement(self) -> Statement:
        self._prepare()
        values = {column: prepared for column, (_, prepared) in self._prepared.items()}
        return Statement(_insert(self._row._meta.db_table, tuple(values)), values)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names, places = (", ".join(form.format(one) for one in columns) for form in ('"{}"', "%({})s"))
    return f'INSERT INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608


async def async_pool(name: str, *, max_size: int, wait_seconds: float) -> Pool:
    """Return the running loop's pool `name`: autocommit, plain tuples, at most `max_size` connections.

    A statement that is prepared is planned once per connection and again when its tables change. Left to choose,
    PostgreSQL plans what takes arrays anew every time: a socket's look-up takes 1.13 ms so, and 0.55 ms planned once.
    `wait_seconds` for a connection, then psycopg_pool.PoolTimeout. Connections come back by themselves
    after PostgreSQL was away.
    """
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    if name not in pools:
        parameters = connections["default"].get_connection_params()
        known: dict[str, Any] = {key: parameters[key] for key in CONNECTION_PARAMETERS if key in parameters}
        pools[name] = AsyncConnectionPool(
            kwargs={**known, "autocommit": True},
            min_size=1,
            max_size=max_size,
            timeout=wait_seconds,
            check=None,
            configure=_plan_once,
            open=False,
            name=name,
        )
    pool = pools[name]
    if pool.closed:  # a second caller must not get it before it is open
        await pool.open()
    return pool


async def _plan_once(connection: AsyncConnection[tuple[Any, ...]]) -> None:
    await connection.execute("SET plan_cache_mode = force_generic_plan")


async def close_pools() -> None:
    """Close the running loop's connections."""
    for pool in _pools.pop(asyncio.get_running_loop(), {}).values():
        await pool.close()
