"""An orderly end on servers that are not ours: they close the sockets first and tell the application afterwards.

So the signal is heard before the server hears it. What was typed is committed, sessions and streams that the server
would wait for are ended, and then the server has its turn.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from apps.core.shutdown import run_last_calls, say_goodbye

LAST_CALL_SECONDS = 0.5  # to commit what was typed before the sockets are closed; a healthy database needs 5 ms

Handler = Callable[[int, Any], Any]


def leave_before_the_server() -> None:
    """Come before the running loop's server at SIGTERM and SIGINT, where it handles them."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        servers = signal.getsignal(number)
        if callable(servers):
            signal.signal(number, partial(_heard, loop, servers))


def _heard(loop: asyncio.AbstractEventLoop, servers: Handler, number: int, frame: Any) -> None:
    leaving = partial(_leave, servers, number)
    loop.call_soon_threadsafe(lambda: _tasks.add(loop.create_task(leaving())))


_tasks: "set[asyncio.Task[None]]" = set()


async def _leave(servers: Handler, number: int) -> None:
    await run_last_calls(LAST_CALL_SECONDS)
    say_goodbye()
    servers(number, None)
