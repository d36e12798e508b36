"""What a web process still has to do when it is asked to stop, e.g. write what is in memory only."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

Callback = Callable[[], Awaitable[None]]

_last_calls: list[Callback] = []
_callbacks: list[Callback] = []
_goodbyes: list[Callable[[], None]] = []


def on_last_call(callback: Callback) -> None:
    """Have `callback` awaited before the sockets are closed: who comes back to another process finds it done."""
    _last_calls.append(callback)


def on_goodbye(callback: Callable[[], None]) -> None:
    """Have `callback` called when the last calls have ended: now connections are closed, with a code to come back."""
    _goodbyes.append(callback)


def say_goodbye() -> None:
    """Call all of them, each whatever the others do."""
    for callback in _goodbyes:
        try:
            callback()
        except Exception:
            logger.exception("shutdown.goodbye_failed")
    _goodbyes.clear()


def on_shutdown(callback: Callback) -> None:
    """Have `callback` awaited on the event loop after the sockets were closed. It is not called after SIGKILL."""
    _callbacks.append(callback)


async def run_last_calls(timeout_seconds: float) -> None:
    """Await the last calls side by side."""
    await _run(_last_calls, timeout_seconds)


async def run_shutdown(timeout_seconds: float) -> None:
    """Await the shutdown's callbacks side by side."""
    await _run(_callbacks, timeout_seconds)


async def _run(callbacks: list[Callback], timeout_seconds: float) -> None:
    """Await all `callbacks`, each once. A failing or slow one does not hold up the others."""
    tasks = [asyncio.ensure_future(callback()) for callback in callbacks]
    callbacks.clear()
    if not tasks:
        return
    done, late = await asyncio.wait(tasks, timeout=timeout_seconds)
    for task in late:
        task.cancel()
        logger.error("shutdown.callback_late", extra={"seconds": timeout_seconds})
    for task in done:
        if not task.cancelled() and (error := task.exception()):
            logger.error("shutdown.callback_failed", exc_info=error)
