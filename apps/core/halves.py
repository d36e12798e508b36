"""Things done side by side that stand and fall together, e.g. the reading and the writing half of a socket."""

import asyncio
from collections.abc import Awaitable


async def until_one_ends(*halves: Awaitable[None]) -> None:
    """Do all of `halves` until the first has ended; the others are cancelled. Raises what the first raised."""
    tasks = [asyncio.ensure_future(half) for half in halves]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
