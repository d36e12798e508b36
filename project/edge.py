"""The outermost ASGI layer: gives every request an id, bounds its body, and writes the access log."""

import logging
import time
from typing import Any

from apps.core.ids import adopt_request_id, request_id
from project.settings.logs import without_secrets

logger = logging.getLogger("access")

REQUEST_ID_HEADER = b"x-request-id"
UNLOGGED_PREFIXES = ("/static/", "/healthz", "/readyz", "/fallback/sessions/")


class BodyTooLarge(Exception):
    """The request's body is longer than the limit."""


class Edge:
    """Wraps the application. `max_body_bytes` holds for every HTTP request, declared or chunked.

    Sockets pass with an id and nothing else: their `send` and `receive` stay the server's own.
    """

    def __init__(self, application: Any, *, max_body_bytes: int) -> None:
        self.application = application
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.application(scope, receive, send)
            return
        scope = self._identified(scope)
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._websocket(scope, receive, send)

    def _identified(self, scope: Any) -> Any:
        """Return `scope` with the request id in its headers, and bind it for the logs of this task."""
        own = adopt_request_id(header(scope, REQUEST_ID_HEADER))
        request_id.set(own)
        others = [pair for pair in scope["headers"] if pair[0] != REQUEST_ID_HEADER]
        return {**scope, "headers": [*others, (REQUEST_ID_HEADER, own.encode())], "request_id": own}

    async def _websocket(self, scope: Any, receive: Any, send: Any) -> None:
        started = time.monotonic()
        try:
            await self.application(scope, receive, send)
        finally:
            logger.info("socket.ended", extra={"path": scope["path"], "seconds": round(time.monotonic() - started, 1)})

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        started, answer = time.monotonic(), _Answer(send)
        try:
            if _declared_length(scope) > self.max_body_bytes:
                await answer.too_large(scope)
            else:
                await self.application(scope, self._bounded(receive), answer.send)
        except BodyTooLarge:
            await answer.too_large(scope)
        finally:
            if not scope["path"].startswith(UNLOGGED_PREFIXES):
                logger.info(
                    "http.request",
                    extra={
                        "method": scope["method"],
                        "path": without_secrets(scope["path"]),
                        "status": answer.status,
                        "bytes": answer.size,
                        "ms": round((time.monotonic() - started) * 1000, 1),
                    },
                )

    def _bounded(self, receive: Any) -> Any:
        seen = 0

        async def bounded() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_body_bytes:
                raise BodyTooLarge
            return message

        return bounded


class _Answer:
    """Passes an answer on and notes its status and size."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self.status = 0
        self.size = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.size += len(message.get("body", b""))
        await self._send(message)

    async def too_large(self, scope: Any) -> None:
        """Answer 413, unless an answer has begun. Django has not seen this request, so this stays plain."""
        if self.status:
            return
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"connection", b"close"),
            (REQUEST_ID_HEADER, scope["request_id"].encode()),
        ]
        await self.send({"type": "http.response.start", "status": 413, "headers": headers})
        await self.send({"type": "http.response.body", "body": TOO_LARGE})


TOO_LARGE = (
    b'{"type": "about:blank", "title": "Content Too Large", "status": 413, "code": "too_large", '
    b'"detail": "The request is larger than this server accepts."}'
)


def header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _declared_length(scope: Any) -> int:
    text = header(scope, b"content-length")
    return int(text) if text.isascii() and text.isdigit() else 0
