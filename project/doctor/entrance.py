"""The way in from outside, through the proxy: pages, both sockets, an answered ping, and streams that are not gathered.

A passing account with a document of its own is made for it and deleted again.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from apps.accounts.models import User
from apps.core.close_codes import CloseCode
from apps.documents.models import Document, Membership, Role
from project.doctor.findings import Finding, failed, ok, warning
from project.health import STREAM_PATH, STREAM_SECONDS

TIMEOUT_SECONDS = 15
VISIT_SECONDS = 300
GATHERED_SHARE = 0.5  # events that arrive within this share of the time they were sent in were held back

UPGRADE_ADVICE = (
    "The proxy must speak HTTP/1.1 to us and pass Upgrade and Connection on (nginx: proxy_http_version 1.1, "
    "proxy_set_header Upgrade $http_upgrade, proxy_set_header Connection upgrade)."
)
HOST_ADVICE = "The proxy must pass the Host it was asked for, or set CSRF_TRUSTED_ORIGINS to the address people use."


@dataclass(frozen=True)
class Visitor:
    """Somebody who is logged in, with a document."""

    cookie: str
    document_id: UUID


@contextmanager
def passing_visitor(url: str) -> Iterator[Visitor]:
    user = User.objects.create(email=f"doctor-{secrets.token_hex(8)}@localhost", name="Doctor")
    document = Document.objects.create(title="Doctor")
    session = SessionStore()
    try:
        Membership.objects.create(document=document, user=user, role=Role.OWNER)
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.set_expiry(timedelta(seconds=VISIT_SECONDS))
        session.create()
        # `make run` names its cookie by the port, which a bare manage.py cannot know.
        names = {settings.SESSION_COOKIE_NAME, f"sessionid_{urlsplit(url).port}"}
        yield Visitor("; ".join(f"{name}={session.session_key}" for name in sorted(names)), document.pk)
    finally:
        session.delete()
        document.delete()
        user.delete()


def check_entrance(url: str) -> Iterator[Finding]:
    """`url`: the address people use, e.g. https://write.example.org."""
    url = url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        yield failed("address", f"{url} is no address", "--url https://write.example.org")
        return
    with passing_visitor(url) as visitor:
        yield from asyncio.run(_visit(url, visitor))


async def _visit(url: str, visitor: Visitor) -> list[Finding]:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as client:
        found = [await _pages(client, url)]
        if found[0].verdict == "failed":
            return found
        async for finding in _sockets(client, url, visitor):
            found.append(finding)
        found.append(await _stream(client, url))
        return found


async def _pages(client: aiohttp.ClientSession, url: str) -> Finding:
    try:
        async with client.get(url + "/", allow_redirects=False) as answer:
            status, location = answer.status, answer.headers.get("Location", "")
            is_ours = "X-Request-ID" in answer.headers
    except aiohttp.ClientConnectorCertificateError:
        return failed("pages", "the certificate is not valid for this address", "See to the proxy's certificate.")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return failed("pages", f"no answer ({type(error).__name__})", "Look whether the proxy runs and reaches us.")
    if status in (301, 302, 307, 308) and location.rstrip("/") == url:
        return failed("pages", "redirected to itself", "The proxy must say how it was asked: X-Forwarded-Proto: https.")
    if status == 400:
        return failed("pages", "refused (400)", "Add the host to ALLOWED_HOSTS; the proxy must pass the Host on.")
    if status >= 500 or not is_ours:
        return failed("pages", f"status {status}, not from Interline", "Look where the proxy sends requests to.")
    return ok("pages", f"status {status}")


async def _sockets(client: aiohttp.ClientSession, url: str, visitor: Visitor) -> AsyncIterator[Finding]:
    headers = {"Cookie": visitor.cookie, "Origin": url}
    for name, path in (("sync socket", "/ws/sync/"), ("assistant socket", "/ws/assistant/")):
        started = time.monotonic()
        try:
            async with client.ws_connect(f"{url}{path}{visitor.document_id}", headers=headers) as socket:
                first = await socket.receive(TIMEOUT_SECONDS)
                if first.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    yield _closed(name, socket.close_code)
                    continue
                yield ok(name, f"open, first message after {time.monotonic() - started:.2f} s")
                if path == "/ws/assistant/":
                    yield await _ping(socket)
        except aiohttp.WSServerHandshakeError as error:
            yield failed(name, f"no upgrade (status {error.status})", UPGRADE_ADVICE)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            yield failed(name, f"no answer ({type(error).__name__})", UPGRADE_ADVICE)


def _closed(name: str, code: int | None) -> Finding:
    if code == CloseCode.FORBIDDEN:
        return failed(name, "refused as another site's (4403)", HOST_ADVICE)
    if code == CloseCode.SIGN_IN_AGAIN:
        return failed(
            name,
            "the log-in was not known (4401)",
            "The proxy must pass cookies on, and the address must lead to the installation of this DATABASE_URL.",
        )
    return failed(name, f"closed at once ({code})", "Look into the web process's log.")


async def _ping(socket: aiohttp.ClientWebSocketResponse) -> Finding:
    started, nonce = time.monotonic(), secrets.token_hex(8)
    await socket.send_json({"type": "ping", "nonce": nonce})
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT and message.json().get("nonce") == nonce:
                    return ok("heartbeat", f"a ping was answered after {(time.monotonic() - started) * 1000:.0f} ms")
    except TimeoutError:
        pass
    return failed("heartbeat", "a ping was not answered", "The proxy must pass frames both ways as they come.")


async def _stream(client: aiohttp.ClientSession, url: str) -> Finding:
    times: list[float] = []
    try:
        async with client.get(url + STREAM_PATH) as answer:
            async for line in answer.content:
                if line.startswith(b"data:"):
                    times.append(time.monotonic())
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return failed("event stream", f"broke off ({type(error).__name__})", "The proxy must let answers take long.")
    if len(times) < 2:
        return failed("event stream", f"status {answer.status}, no events", "Look where the proxy sends requests to.")
    if times[-1] - times[0] < STREAM_SECONDS * GATHERED_SHARE:
        return warning(
            "event stream",
            "events came all at once: the proxy gathers answers",
            "Turn buffering off for text/event-stream (nginx: proxy_buffering off; we send X-Accel-Buffering: no).",
        )
    return ok("event stream", "events come one by one")
