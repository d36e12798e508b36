"""The HTTP side: opening a session, reading from it as a stream or by long polls, writing to it.

Plain ASGI: frames come many times a second, and Django's request handling would cost more than they do.
"""

import hashlib
import json
import time
from collections.abc import Awaitable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie
from pydantic import Field, ValidationError

from apps.core.close_codes import CloseCode
from apps.core.errors import Forbidden, InterlineError, Invalid, NotFound, TooLarge
from apps.core.halves import until_one_ends
from apps.core.messages import Message
from project.edge import REQUEST_ID_HEADER, header
from project.fallback.relay import reach, relay
from project.fallback.sessions import CLOSING, GOING_AWAY, Frame, Gone, Item, Reachable, sessions
from project.problems import of_error
from project.sockets import is_own_origin

PREFIX = "/fallback"
SOCKETS = PREFIX + "/ws/"
SESSIONS = PREFIX + "/sessions/"

Count = Annotated[int, Field(ge=0, lt=2**53)]

STREAM_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the stream to itself until it ends
]
JSON_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


M = TypeVar("M", bound=Message)


class Open(Message):
    """What a WebSocket client says in its handshake."""

    protocols: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(max_length=8)] = []


class Write(Message):
    """`frames`, numbered from `first`; all frames up to `seen` have arrived; `close`: the client leaves."""

    seen: Count = 0
    first: Annotated[int, Field(ge=1, lt=2**53)] = 1
    frames: list[Frame] = []
    close: bool = False


class Fallback:
    """Answers what is below `/fallback/`, and passes every other request on."""

    def __init__(self, websocket_application: Any, http_application: Any) -> None:
        self._websocket_application = websocket_application
        self._http_application = http_application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].startswith(PREFIX + "/"):
            await self._http_application(scope, receive, send)
            return
        send = partial(_identified, send, scope["request_id"].encode())
        try:
            await self._route(scope, receive, send)
        except InterlineError as error:
            await _refuse(send, error)

    async def _route(self, scope: Any, receive: Any, send: Any) -> None:
        method, path = scope["method"], scope["path"]
        if path.startswith(SOCKETS) and method == "POST":
            await self._open(scope, receive, send)
        elif path.startswith(SESSIONS) and method == "POST":
            await _write(scope, receive, send, path.removeprefix(SESSIONS))
        elif path.startswith(SESSIONS) and method == "GET":
            await _read(scope, receive, send, path.removeprefix(SESSIONS))
        else:
            raise NotFound("There is nothing here.")

    async def _open(self, scope: Any, receive: Any, send: Any) -> None:
        """Begin a session whose application sees the request as a WebSocket's handshake, its Origin and cookies too."""
        asked = await _body(receive, Open)
        await relay().listen()
        session = sessions().open(self._websocket_application, _handshake(scope, asked.protocols), _owner(scope))
        await session.accepted.wait()
        await _answer(send, {"session": session.name, "protocol": session.subprotocol or ""}, HTTPStatus.CREATED)


async def _write(scope: Any, receive: Any, send: Any, name: str) -> None:
    if not is_own_origin(header(scope, b"origin"), header(scope, b"host")):
        raise Forbidden("This request comes from another site.")
    session = await reach(name, _owner(scope))
    try:
        asked = await _body(receive, Write)
    except TooLarge:
        await session.leave(int(CloseCode.TOO_LARGE))
        raise
    taken = await session.write(asked.seen, asked.first, asked.frames)
    if asked.close:
        await session.leave(GOING_AWAY)
    await _answer(send, {"taken": taken})


async def _read(scope: Any, receive: Any, send: Any, name: str) -> None:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    after = _number(query, "after", 2**53)
    session = await reach(name, _owner(scope))
    await session.write(after, 1, [])
    if "poll" in query:
        seconds = min(_number(query, "poll", 3600), settings.FALLBACK_POLL_SECONDS)
        await _while_present(receive, _poll(send, session, after, seconds))
    else:
        await _while_present(receive, _stream(send, session, after))


async def _poll(send: Any, session: Reachable, after: int, seconds: float) -> None:
    """Answer with what there is, as soon as there is something."""
    items = await session.read(after, seconds)
    await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": STREAM_HEADERS})
    await send({"type": "http.response.body", "body": _events(items)})


async def _stream(send: Any, session: Reachable, after: int) -> None:
    """Answer with everything as it comes, for a while. It begins with a comment: else somebody on the way buffers."""
    await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": STREAM_HEADERS})
    await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
    until = time.monotonic() + settings.FALLBACK_STREAM_SECONDS
    try:
        while time.monotonic() < until:
            items = await session.read(after, settings.FALLBACK_HEARTBEAT_SECONDS)
            await send({"type": "http.response.body", "body": _events(items) or b":\n\n", "more_body": True})
            if items and items[-1][1].startswith(CLOSING):
                break
            after = items[-1][0] if items else after
    except InterlineError:
        pass  # the client opens the next stream, and is told there
    await send({"type": "http.response.body", "body": b""})


def _events(items: list[Item]) -> bytes:
    return "".join(f"id: {number}\ndata: {frame}\n\n" for number, frame in items).encode()


async def _while_present(receive: Any, work: Awaitable[None]) -> None:
    """Do `work` until it is done or the client has gone."""
    await until_one_ends(work, _departure(receive))


async def _departure(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _handshake(scope: Any, protocols: list[str]) -> Any:
    """Return the scope of a WebSocket to the path behind our prefix."""
    kept = ("asgi", "query_string", "headers", "client", "server", "root_path", "request_id", "http_version")
    path = scope["path"].removeprefix(PREFIX)
    return {
        **{name: scope[name] for name in kept if name in scope},
        "type": "websocket",
        "scheme": "wss" if scope.get("scheme") == "https" else "ws",
        "path": path,
        "raw_path": path.encode(),
        "subprotocols": protocols,
    }


def _owner(scope: Any) -> str:
    """Return what a session belongs to: the browser's session, not to be read back from where it is noted."""
    cookies = parse_cookie("; ".join(v.decode("latin-1") for k, v in scope["headers"] if k == b"cookie"))
    return hashlib.sha256(cookies.get(settings.SESSION_COOKIE_NAME, "").encode()).hexdigest()


async def _body(receive: Any, schema: type[M]) -> M:
    """Return a request's body. Raises Invalid, TooLarge, and Gone when the client has gone."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone("The client has gone.")
        body += message.get("body", b"")
        if len(body) > settings.FALLBACK_REQUEST_MAX_BYTES:
            raise TooLarge(f"A request carries at most {settings.FALLBACK_REQUEST_MAX_BYTES:,} bytes.")
        more = message.get("more_body", False)
    try:
        return schema.model_validate_json(bytes(body))
    except ValidationError as error:
        raise Invalid(error.errors(include_input=False, include_url=False, include_context=False)[0]["msg"]) from None


def _number(query: dict[str, list[str]], name: str, most: int) -> int:
    text = query.get(name, ["0"])[0]
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise Invalid(f"{name}: a number is wanted.")
    return int(text)


async def _answer(send: Any, content: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
    await send({"type": "http.response.start", "status": status, "headers": JSON_HEADERS})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


async def _refuse(send: Any, error: InterlineError) -> None:
    problem = of_error(error)
    headers = [(name.lower().encode(), value.encode()) for name, value in problem.items()]
    await send({"type": "http.response.start", "status": problem.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": problem.content})


async def _identified(send: Any, own: bytes, message: Any) -> None:
    """Send with the request's id, as every answer of ours."""
    if message["type"] == "http.response.start":
        message = {**message, "headers": [*message["headers"], (REQUEST_ID_HEADER, own)]}
    await send(message)
