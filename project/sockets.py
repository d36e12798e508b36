"""What stands in front of both sockets. An upgrade is always accepted and then closed with a code of the contract:
a refused upgrade reaches a browser as 1006, which it retries for ever."""

import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from apps.analytics.events import Kind as EventKind
from apps.analytics.events import Noted, recorder
from apps.core.close_codes import CloseCode
from apps.documents.metrics import CLOSED, OPEN, OPENED
from apps.documents.socket_tokens import presented_token

KINDS = {"/ws/sync/": "sync", "/ws/assistant/": "assistant"}
ABNORMAL = 1006  # RFC 6455 § 7.1.5: it ended without a close frame
LOST = "lost"
NAMES = {1000: "normal", 1001: "going away", 1005: "none", ABNORMAL: LOST}


async def accept_and_close(receive: Any, send: Any, code: CloseCode) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": int(code)})


async def no_such_socket(scope: Any, receive: Any, send: Any) -> None:
    await accept_and_close(receive, send, CloseCode.NOT_FOUND)


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def is_own_origin(origin: str, host: str) -> bool:
    """Say whether `origin` is the site itself (scheme aside, port included) or a trusted one.

    Browsers always send it on an upgrade (RFC 6455 § 10.2): a cookie without an origin is not from a page of ours.
    """
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    parts = urlsplit(origin)
    domain, _ = split_domain_port(host)
    return (
        parts.scheme in ("http", "https")
        and parts.netloc.lower() == host.lower()
        and validate_host(domain, settings.ALLOWED_HOSTS)
    )


class OriginCheck:
    """Refuses upgrades from other sites' pages, and of programs with a browser's cookie, with 4403.

    A token is not sent by a browser on its own, as a cookie is: with one, any origin and none will do. A program that
    comes with nothing at all is told to sign in (4401).
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        has_token = presented_token(scope) is not None
        origin = _header(scope, b"origin")
        if has_token or is_own_origin(origin, _header(scope, b"host")):
            await self.application(scope, receive, send)
        elif not origin and not _header(scope, b"cookie"):
            await accept_and_close(receive, send, CloseCode.SIGN_IN_AGAIN)
        else:
            await accept_and_close(receive, send, CloseCode.FORBIDDEN)


def code_name(code: int | None) -> str:
    """Return what a close code is counted as. Clients may send any of thousands."""
    if code in set(CloseCode):
        return CloseCode(code).name.lower()
    return NAMES.get(code or ABNORMAL, "other")


class Counted:
    """Counts sockets as they come and go."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        kind = next((kind for path, kind in KINDS.items() if scope["path"].startswith(path)), "other")
        codes: list[int | None] = []

        async def receive_noting() -> Any:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                codes.append(message.get("code"))
            return message

        async def send_noting(message: Any) -> None:
            if message["type"] == "websocket.close":
                codes.append(message.get("code"))
            await send(message)

        OPENED.labels(kind).inc()
        opened = time.time()
        recorder.note(Noted(opened, EventKind.SOCKET_OPENED.value, kind))
        with OPEN.labels(kind).track_inprogress():
            try:
                await self.application(scope, receive_noting, send_noting)
            finally:
                code, ended = code_name(codes[0] if codes else None), time.time()
                CLOSED.labels(kind, code).inc()
                recorder.note(Noted(ended, EventKind.SOCKET_CLOSED.value, kind, code, 1, ended - opened))
