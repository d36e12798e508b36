"""A socket without a WebSocket: the very same consumer, with an inbox and an outbox that HTTP requests fill and empty.

Frames are numbered from 1 in both directions. What was sent is kept until the client says that it has it, so that a cut
request loses nothing; what comes twice is taken once.
"""

import asyncio
import base64
import binascii
import json
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice
from typing import Any, Protocol

from django.conf import settings

from apps.core.close_codes import CloseCode
from apps.core.errors import Conflict, InterlineError, Invalid, NotFound
from apps.core.loops import per_loop
from apps.core.shutdown import on_goodbye

logger = logging.getLogger(__name__)

Item = tuple[int, str]  # its number, and the frame as JSON
Frame = dict[str, Any]  # {"text": …} or {"binary": base64}
Application = Callable[[Any, Any, Any], Awaitable[Any]]

CLOSING = '{"close":'  # how the last frame begins
GOING_AWAY = 1001
CRASHED = 1011  # as a WebSocket server closes when its application failed
FRAME_BYTES = 256  # what a frame weighs in memory beside its content
LEAVING_SECONDS = 10.0  # for the application to end after the client has gone


class Gone(NotFound):
    """There is no such session any more, or it cannot go on from there: the client has to open another."""

    code = "gone"
    status = 410


class Busy(InterlineError):
    """This process holds as many sessions as it may, or the one that holds this session does not answer."""

    code = "overloaded"
    status = 503
    retryable = True


class Reachable(Protocol):
    """A session, held by this process or by another one."""

    async def read(self, after: int, seconds: float) -> list[Item]:
        """Return frames after number `after`; none when there are none within `seconds`. Raises Gone, Busy."""
        ...

    async def write(self, seen: int, first: int, frames: list[Frame]) -> int:
        """Take `frames`, numbered from `first`, and note that all up to `seen` arrived. Return the last one taken.

        Raises Gone, Busy, Invalid, and Conflict where frames before `first` are missing.
        """
        ...

    async def leave(self, code: int) -> None:
        """End the session: the client has closed, or did what may not be."""
        ...


class Session:
    """One client's socket in the process that holds it."""

    def __init__(self, name: str, owner: str) -> None:
        self.name = name
        self.owner = owner
        self.subprotocol: str | None = None
        self.accepted = asyncio.Event()
        self.has_ended = False
        self._heard_at = time.monotonic()
        self._outbox: deque[Item] = deque()
        self._outbox_bytes = 0
        self._sent = 0
        self._seen = 0
        self._news = asyncio.Event()
        self._drained = asyncio.Event()
        self._inbox: deque[Any] = deque([{"type": "websocket.connect"}])
        self._inbox_bytes = 0
        self._taken = 0
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def run(self, application: Application, scope: Any) -> None:
        self._task = asyncio.create_task(self._run(application, scope), name="fallback-session")

    async def _run(self, application: Application, scope: Any) -> None:
        try:
            await application(scope, self._receive, self._send)
        except Exception:
            logger.exception("fallback.application_failed")
        finally:
            self.end(CRASHED)

    # ------------------------------------------------------------ what the client does

    async def read(self, after: int, seconds: float) -> list[Item]:
        if not self._seen <= after <= self._sent:
            raise Gone("These frames are not here any more.")
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._sent <= after:
                    self._news.clear()
                    await self._news.wait()
        return self._batch(after)

    def _batch(self, after: int) -> list[Item]:
        batch: list[Item] = []
        size = 0
        for number, frame in islice(self._outbox, after - self._seen, None):
            size += len(frame)
            if batch and size > settings.FALLBACK_BATCH_BYTES:
                break
            batch.append((number, frame))
        return batch

    async def write(self, seen: int, first: int, frames: list[Frame]) -> int:
        self._heard_at = time.monotonic()
        self._acknowledge(seen)
        async with self._writing:  # a request sent again must not mix with the first
            if first > self._taken + 1:
                raise Conflict("Frames before these are missing.")
            for frame in frames[self._taken + 1 - first :]:
                event = event_of(frame)
                if not await self._has_room():
                    break
                self._put(event)
                self._taken += 1
        return self._taken

    def _acknowledge(self, seen: int) -> None:
        if seen > self._sent:
            raise Gone("Frames were acknowledged that nobody sent.")
        self._seen = max(self._seen, seen)
        while self._outbox and self._outbox[0][0] <= self._seen:
            self._outbox_bytes -= len(self._outbox.popleft()[1]) + FRAME_BYTES
        self._drained.set()

    async def _has_room(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(settings.FALLBACK_INBOUND_SECONDS):
                while self._inbox_bytes > settings.FALLBACK_INBOUND_MAX_BYTES:
                    self._emptied.clear()
                    await self._emptied.wait()
        return self._inbox_bytes <= settings.FALLBACK_INBOUND_MAX_BYTES

    def _put(self, event: Any) -> None:
        self._inbox.append(event)
        self._inbox_bytes += size_of(event)
        self._filled.set()

    async def leave(self, code: int) -> None:
        self.end(code)

    # ------------------------------------------------------------ what the application does

    async def _receive(self) -> Any:
        while not self._inbox:
            self._filled.clear()
            await self._filled.wait()
        event = self._inbox.popleft()
        self._inbox_bytes -= size_of(event)
        self._emptied.set()
        return event

    async def _send(self, message: Any) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self.subprotocol = message.get("subprotocol")
            self.accepted.set()
        elif kind == "websocket.close":
            self.end(message.get("code") or 1000)
        elif kind == "websocket.send" and not self.has_ended:
            await self._wait_for_drain()
            self._tell(frame_of(message))

    async def _wait_for_drain(self) -> None:
        """Hold the application back while the client leaves too much unacknowledged; close when it stays so."""
        try:
            async with asyncio.timeout(settings.FALLBACK_OUTBOUND_SECONDS):
                while self._outbox_bytes > settings.FALLBACK_OUTBOUND_MAX_BYTES and not self.has_ended:
                    self._drained.clear()
                    await self._drained.wait()
        except TimeoutError:
            self.end(int(CloseCode.TOO_SLOW))

    def _tell(self, frame: str) -> None:
        if not self.has_ended:
            self._sent += 1
            self._outbox.append((self._sent, frame))
            self._outbox_bytes += len(frame) + FRAME_BYTES
            self._news.set()

    # ------------------------------------------------------------ its end

    def end(self, code: int) -> None:
        """Tell both sides that it is over; the client reads the code after everything before it."""
        if self.has_ended:
            return
        self._tell(f"{CLOSING}{code}}}")
        self.has_ended = True
        self.accepted.set()
        self._drained.set()
        self._put({"type": "websocket.disconnect", "code": code})
        if self._task is not None:
            asyncio.get_running_loop().call_later(LEAVING_SECONDS, self._task.cancel)
        logger.info("fallback.ended", extra={"code": code, "sent": self._sent, "taken": self._taken})

    def is_abandoned(self, now: float) -> bool:
        """Say whether the client has gone without a word. An open stream says nothing: it may be a dead connection."""
        return now - self._heard_at > settings.FALLBACK_SILENCE_SECONDS

    def is_read_to_the_end(self) -> bool:
        return self.has_ended and self._seen == self._sent


class Sessions:
    """The sessions of one web process."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(8)
        self._sessions: dict[str, Session] = {}
        self._sweeping = asyncio.create_task(self._sweep(), name="fallback-sweep")
        on_goodbye(self._say_goodbye)

    def open(self, application: Application, scope: Any, owner: str) -> Session:
        """Begin a session; only requests with the same `owner` reach it. Raises Busy."""
        if len(self._sessions) >= settings.FALLBACK_SESSIONS_MAX:
            raise Busy("Too many connections without WebSockets here.", retry_after=5)
        session = Session(f"{self.process}-{secrets.token_urlsafe(24)}", owner)
        self._sessions[session.name] = session
        session.run(application, scope)
        logger.info("fallback.opened", extra={"path": scope["path"], "sessions": len(self._sessions)})
        return session

    def find(self, name: str, owner: str) -> Session:
        """Return a session of this process. Raises Gone, also where it is somebody else's."""
        session = self._sessions.get(name)
        if session is None or not secrets.compare_digest(session.owner, owner):
            raise Gone("There is no such session.")
        return session

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(settings.FALLBACK_SWEEP_SECONDS)
            now = time.monotonic()
            for session in list(self._sessions.values()):
                if session.is_abandoned(now):
                    session.end(int(CloseCode.TOO_SLOW))
                    del self._sessions[session.name]
                elif session.is_read_to_the_end():
                    del self._sessions[session.name]

    def _say_goodbye(self) -> None:
        for session in self._sessions.values():
            session.end(int(CloseCode.RESTARTING))


def frame_of(message: Any) -> str:
    """Return an ASGI `websocket.send` as a frame of ours."""
    data = message.get("bytes")
    if data is None:
        return json.dumps({"text": message.get("text") or ""}, ensure_ascii=False)
    return '{"binary":"' + base64.b64encode(data).decode() + '"}'


def event_of(frame: Any) -> Any:
    """Return a client's frame as an ASGI event. Raises Invalid."""
    match frame:
        case {"text": str(text)}:
            return {"type": "websocket.receive", "text": text, "bytes": None}
        case {"binary": str(encoded)}:
            with suppress(binascii.Error, ValueError):
                return {"type": "websocket.receive", "text": None, "bytes": base64.b64decode(encoded, validate=True)}
    raise Invalid("A frame is {text} or {binary}, the latter in base64.")


def size_of(event: Any) -> int:
    return len(event.get("text") or event.get("bytes") or "") + FRAME_BYTES


@per_loop
def sessions() -> Sessions:
    """Return the running loop's sessions."""
    return Sessions()
