"""The connections to PostgreSQL of a web process' event loop, for what is asked for over a socket."""

from django.conf import settings

from apps.core.postgres import Pool, async_pool


async def web_pool() -> Pool:
    """Return them."""
    return await async_pool(
        "web",
        max_size=settings.ASSISTANT_START_CONNECTIONS,
        wait_seconds=settings.ASSISTANT_DATABASE_WAIT_SECONDS,
    )
