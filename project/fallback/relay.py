"""Reaches sessions that another web process holds, so that requests may go to any. By Redis, as calls with answers.

A session's name begins with its process's. A call may be lost with its answer: whoever called says so to the client,
which asks again; reading and writing again is harmless. Sessions of the same process need no Redis.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable
from itertools import count
from typing import Any, cast

import redis
from django.conf import settings

from apps.core.errors import Conflict, InterlineError, Invalid
from apps.core.loops import per_loop
from apps.core.notices import notices
from apps.core.redis import async_redis, key
from project.fallback.sessions import Busy, Frame, Gone, Item, Reachable, Session, sessions

logger = logging.getLogger(__name__)

FAILURES: dict[str, type[InterlineError]] = {error.code: error for error in (Gone, Busy, Invalid, Conflict)}


def _channel(process: str) -> str:
    return key("fallback", process)


async def reach(name: str, owner: str) -> Reachable:
    """Return the session of that name, wherever it is. Raises Gone, where that is known already."""
    process, _, _ = name.partition("-")
    if process == sessions().process:
        return sessions().find(name, owner)
    return RemoteSession(name, owner, process)


class RemoteSession:
    """A session that another process holds."""

    def __init__(self, name: str, owner: str, process: str) -> None:
        self._address = {"session": name, "owner": owner}
        self._process = process

    async def read(self, after: int, seconds: float) -> list[Item]:
        answer = await self._call("read", seconds, {"after": after, "seconds": seconds})
        return [(number, frame) for number, frame in answer]

    async def write(self, seen: int, first: int, frames: list[Frame]) -> int:
        arguments = {"seen": seen, "first": first, "frames": frames}
        answer = await self._call("write", settings.FALLBACK_INBOUND_SECONDS, arguments)
        return cast("int", answer)

    async def leave(self, code: int) -> None:
        await self._call("leave", 0, {"code": code})

    async def _call(self, do: str, seconds: float, arguments: dict[str, Any]) -> Any:
        call = {**self._address, "do": do, "with": arguments}
        return await relay().call(self._process, call, seconds + settings.FALLBACK_RELAY_SECONDS)


class Relay:
    """The calls of one process, in and out, on one channel."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Hear calls and answers. Whoever opens a session or calls one elsewhere needs it."""
        if self._listening is None:
            own = _channel(sessions().process)
            self._listening = asyncio.create_task(notices().subscribe(own, self._hear, lambda: None))
        await asyncio.shield(self._listening)

    async def call(self, process: str, call: dict[str, Any], seconds: float) -> Any:
        """Return what `process` answers. Raises what it raised, Gone where it does not exist, Busy when silent."""
        await self.listen()
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            message = json.dumps({**call, "call": number, "from": sessions().process})
            if not await async_redis().publish(_channel(process), message):
                raise Gone("The process that held this session has ended.")
            async with asyncio.timeout(seconds):
                return await answer
        except (redis.RedisError, OSError, TimeoutError):  # a TimeoutError is an OSError; both mean the same here
            raise Busy("The process that holds this session does not answer.", retry_after=1) from None
        finally:
            del self._waiting[number]

    def _hear(self, payload: bytes) -> None:
        message = json.loads(payload)
        if "do" in message:
            task = asyncio.create_task(self._answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        waiting = self._waiting.get(message["call"])
        if waiting is None or waiting.done():
            return
        if "failed" in message:
            waiting.set_exception(FAILURES[message["failed"]](message["words"]))
        else:
            waiting.set_result(message["result"])

    async def _answer(self, message: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"call": message["call"]}
        try:
            session = sessions().find(message["session"], message["owner"])
            answer["result"] = await _do(session, message["do"], message["with"])
        except tuple(FAILURES.values()) as error:
            answer |= {"failed": error.code, "words": error.message}
        try:
            await async_redis().publish(_channel(message["from"]), json.dumps(answer))
        except (redis.RedisError, OSError):
            logger.warning("fallback.answer_lost")


def _do(session: Session, do: str, arguments: dict[str, Any]) -> Awaitable[Any]:
    match do:
        case "read":
            return session.read(**arguments)
        case "write":
            return session.write(**arguments)
        case _:
            return session.leave(**arguments)


@per_loop
def relay() -> Relay:
    """Return the running loop's relay."""
    return Relay()
