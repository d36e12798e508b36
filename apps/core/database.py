"""Django's database from an event loop."""

from collections.abc import Callable
from typing import Any, TypeVar

from channels.db import database_sync_to_async

T = TypeVar("T")


async def in_database(function: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """Run `function` in a thread with a database connection. Not in Channels' one shared thread."""
    result: T = await database_sync_to_async(function, thread_sensitive=False)(*arguments, **options)
    return result
