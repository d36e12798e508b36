"""Work on PostgreSQL and Redis that is written once, for threads and for the event loop.

It awaits every answer of a `Servers`. Those of `InThread` are there at once, so `run_now` runs the work as an ordinary
call. What is waited for most often runs on the event loop instead: a thread and Django's connection cost about 2 ms.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from apps.core.postgres import Pool, Statement, in_one_trip
from apps.core.redis import async_redis, sync_redis

T = TypeVar("T")
Rows = list[tuple[Any, ...]]
Meanwhile = Callable[[], Awaitable[None]]


class Servers(Protocol):
    """One transaction in PostgreSQL, and Redis."""

    async def sql(self, *statements: Statement, last: bool = False, meanwhile: Meanwhile | None = None) -> list[Rows]:
        """Run `statements` in the transaction, in one round trip, and return the rows of each.

        `last`: nothing follows, so the transaction may be committed with them. `meanwhile`: what may be done
        before the answer comes; it is called where that saves time.
        """

    async def script(self, text: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Run a Lua script in Redis. Raises redis.RedisError."""


class InThread:
    """Django's connection and its transaction."""

    async def sql(self, *statements: Statement, last: bool = False, meanwhile: Meanwhile | None = None) -> list[Rows]:
        return in_one_trip(*statements)

    async def script(self, text: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        return sync_redis().register_script(text)(keys=keys, args=arguments)


class OnLoop:
    """A connection of the running loop, in a transaction of its own."""

    def __init__(self, connection: "AsyncConnection[tuple[Any, ...]]") -> None:
        self._connection = connection

    async def sql(self, *statements: Statement, last: bool = False, meanwhile: Meanwhile | None = None) -> list[Rows]:
        connection = self._connection
        async with connection.pipeline():
            if connection.pgconn.transaction_status == TransactionStatus.IDLE:
                await connection.execute("BEGIN")
            cursors = [
                await connection.execute(statement.sql, statement.parameters, prepare=True) for statement in statements
            ]
            if last:
                await connection.execute("COMMIT")
            if meanwhile is not None:
                await meanwhile()
        return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]

    async def script(self, text: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        return await async_redis().register_script(text)(keys=keys, args=arguments)


@asynccontextmanager
async def on_loop(pool: Pool) -> AsyncIterator[OnLoop]:
    """Lend a connection of `pool`; what was not committed is rolled back. Raises psycopg.Error and PoolTimeout."""
    async with pool.connection() as connection:
        try:
            yield OnLoop(connection)
        finally:
            if connection.pgconn.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
                await connection.rollback()


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, which never has to wait: its servers are `InThread`."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError("This work waits for an event loop.")
