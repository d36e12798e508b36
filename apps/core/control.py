"""Control messages to every web process over the Channels layer: access changed, quota, draining. Rare and small.

The layer may lose a message, so whoever relies on one also looks at the database from time to time.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from apps.core.loops import per_loop

logger = logging.getLogger(__name__)

GROUP = "control"
RETRY_SECONDS = 1.0

Hear = Callable[[dict[str, Any]], None]


def broadcast(kind: str, **fields: str) -> None:
    """Tell every web process. Never raises: what was committed stays committed when the layer is away."""
    try:
        async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "control", "kind": kind, **fields})
    except Exception:
        logger.exception("control.broadcast_failed", extra={"kind": kind})


class Control:
    """The listener of one process. Callbacks run on its event loop and are isolated from each other."""

    def __init__(self) -> None:
        self._hearers: dict[str, list[Hear]] = {}
        self._task: asyncio.Task[None] | None = None

    def listen(self, kind: str, hear: Hear) -> None:
        self._hearers.setdefault(kind, []).append(hear)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="control")

    def tell_here(self, kind: str, **fields: str) -> None:
        """Tell this process alone, on its event loop."""
        self._dispatch({"kind": kind, **fields})

    async def _run(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    self._dispatch(await layer.receive(channel))
            except Exception:
                logger.warning("control.interrupted")
                await asyncio.sleep(RETRY_SECONDS)

    def _dispatch(self, message: dict[str, Any]) -> None:
        for hear in self._hearers.get(message.get("kind", ""), []):
            try:
                hear(message)
            except Exception:
                logger.exception("control.callback_failed")


@per_loop
def control() -> Control:
    """Return the running loop's listener."""
    return Control()
