"""Keeps up to date what the people of open sockets may do: told by control messages, and looked up now and then."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings

from apps.collaboration.connections import Connection
from apps.collaboration.rooms import rooms
from apps.core.control import control
from apps.core.loops import per_loop
from apps.documents.sockets import SocketRefused, recheck

logger = logging.getLogger(__name__)


class Permissions:
    """The watch of one process."""

    def __init__(self) -> None:
        control().listen("access_changed", self._access_changed)
        control().listen("signed_out", self._signed_out)
        self._sweeping = asyncio.create_task(self._sweep(), name="permissions")
        self._checks: set[asyncio.Task[None]] = set()

    def _access_changed(self, message: dict[str, Any]) -> None:
        document, person = message.get("document_id", ""), message.get("user_id", "")
        self._recheck_soon(
            lambda connection: (
                document in ("", str(connection.identity.access.document.pk))
                and person in ("", str(connection.person_id))
            )
        )

    def _signed_out(self, message: dict[str, Any]) -> None:
        person = message.get("user_id", "")
        self._recheck_soon(lambda connection: str(connection.person_id) == person)

    def _recheck_soon(self, concerns: Callable[[Connection], bool]) -> None:
        concerned = [connection for connection in _connections() if concerns(connection)]
        if concerned:
            task = asyncio.create_task(self._recheck(concerned))
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)

    async def _recheck(self, connections: list[Connection]) -> None:
        answers = await asyncio.gather(
            *(recheck(connection.identity) for connection in connections), return_exceptions=True
        )
        for connection, answer in zip(connections, answers, strict=True):
            if isinstance(answer, SocketRefused):
                connection.close(answer.code, "no longer allowed")
            elif isinstance(answer, BaseException):
                logger.error("permissions.recheck_failed", exc_info=answer)  # the next sweep looks again
            else:
                connection.identity = answer

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(settings.SYNC_RECHECK_SECONDS)
            await self._recheck(_connections())


def _connections() -> list[Connection]:
    return [connection for room in rooms().opened() for connection in room.connections]


@per_loop
def watch_permissions() -> Permissions:
    """See that the running loop keeps watch."""
    return Permissions()
