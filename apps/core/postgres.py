"""PostgreSQL from an event loop: psycopg's asyncio pools, beside Django's connections, which block their thread."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

CONNECTION_PARAMETERS = (
    *("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "options", "connect_timeout"),
    *("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
)

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]

_pools: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Pool]]" = WeakKeyDictionary()


async def async_pool(name: str, *, max_size: int, wait_seconds: float) -> Pool:
    """Return the running loop's pool `name`: autocommit, plain tuples, at most `max_size` connections.

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
            open=False,
            name=name,
        )
    pool = pools[name]
    await pool.open()  # nothing where it is open; a second caller must not get it before it is
    return pool


async def close_pools() -> None:
    """Close the running loop's connections."""
    for pool in _pools.pop(asyncio.get_running_loop(), {}).values():
        await pool.close()
