"""One web process: its limits, its ids, its log, its end."""

import asyncio
import json
import re
import signal
import socket
from typing import Any

import httpx
import pytest
import websockets
from django.db import connection, transaction

from apps.accounts.models import User
from tests.assistant.clients import cookie_of
from tests.processes import Processes, WebProcess, wait_until

LIMIT_BYTES = 100_000
UNKNOWN = "/ws/nowhere"


@pytest.fixture
def web(processes: Processes) -> WebProcess:
    return processes.web(HTTP_MAX_BODY_BYTES=str(LIMIT_BYTES), LOG_FORMAT="json")


def log_events(web: WebProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in web.output().splitlines() if line.startswith("{")]


def logged(web: WebProcess, event: str, **fields: Any) -> dict[str, Any]:
    """Return the log event named `event` with these fields, once it is there."""

    def found() -> dict[str, Any] | None:
        return next(
            (one for one in log_events(web) if one["event"] == event and fields.items() <= one.items()),
            None,
        )

    event_found: dict[str, Any] = wait_until(found, what=f"{event} {fields}")
    return event_found


def test_a_request_keeps_its_id_in_the_answer_and_the_log(web: WebProcess) -> None:
    answer = httpx.get(
        web.url + "/accounts/login/?next=/secret/", headers={"X-Request-ID": "trace-me-0001"}, timeout=60
    )
    assert answer.headers["X-Request-ID"] == "trace-me-0001"
    event = logged(web, "http.request", request_id="trace-me-0001")
    assert (event["method"], event["path"], event["status"]) == ("GET", "/accounts/login/", 200)
    assert event["ms"] > 0
    assert event["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", event["timestamp"])
    assert "secret" not in web.output()


@pytest.mark.parametrize("offered", ["", "short", "has spaces in it", "x" * 65, "line%0abreak"])
def test_an_id_that_could_mislead_the_log_is_replaced(web: WebProcess, offered: str) -> None:
    own = httpx.get(web.url + "/healthz", headers={"X-Request-ID": offered}, timeout=60).headers["X-Request-ID"]
    assert own != offered
    assert re.fullmatch(r"[0-9a-f]{32}", own)


def test_tokens_in_paths_stay_out_of_the_log(web: WebProcess) -> None:
    token = "MTpzZWNyZXQtdG9rZW4tb2YtYS1saW5r"
    document = "0e5a3c1e-5b1c-4f0e-9a58-2f6f2f1c9a11"
    httpx.get(f"{web.url}/s/{token}/", timeout=60)
    httpx.get(f"{web.url}/documents/{document}/", timeout=60)
    logged(web, "http.request", path="/s/[hidden]/")
    logged(web, "http.request", path=f"/documents/{document}/")
    assert token not in web.output()


def test_every_line_of_the_log_is_one_event(web: WebProcess) -> None:
    httpx.get(web.url + "/documents/", timeout=60)
    httpx.get(web.url + "/static/nothing.js", timeout=60)
    logged(web, "http.request", path="/documents/")
    lines = web.output().splitlines()
    assert [line for line in lines if not line.startswith("{")] == []
    assert all(json.loads(line)["event"] for line in lines)
    assert not [line for line in lines if "/static/" in line]


def test_a_declared_body_over_the_limit_is_refused(web: WebProcess) -> None:
    answer = httpx.post(web.url + "/accounts/login/", content=b"x" * (LIMIT_BYTES + 1), timeout=60)
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert answer.json()["code"] == "too_large"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"]


def test_a_body_at_the_limit_passes(web: WebProcess) -> None:
    answer = httpx.post(web.url + "/accounts/login/", content=b"x" * LIMIT_BYTES, timeout=60)
    assert answer.status_code == httpx.codes.FORBIDDEN  # Django has seen it: no CSRF token


def send_without_end(client: socket.socket, chunk: bytes) -> None:
    for _ in range(10_000):
        client.sendall(chunk)


def test_an_undeclared_body_is_cut_off_at_the_limit(web: WebProcess) -> None:
    """A chunked body without end: the answer comes while it is being sent."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as client:
        client.sendall(b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"x" * 10_000
        with pytest.raises(OSError):  # noqa: PT011  (reset or broken pipe, as the kernel likes)
            send_without_end(client, b"%x\r\n%s\r\n" % (len(chunk), chunk))
    logged(web, "http.body_refused")
    assert httpx.get(web.url + "/healthz", timeout=60).status_code == httpx.codes.OK


async def open_socket(web: WebProcess, path: str = UNKNOWN) -> websockets.ClientConnection:
    return await websockets.connect(web.socket_url + path, origin=websockets.Origin(web.url))


async def test_an_unknown_socket_is_accepted_and_closed_with_a_code(web: WebProcess) -> None:
    async with await open_socket(web, UNKNOWN + "?token=secret-of-a-socket") as client:
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
        assert client.close_code == 4404
    await asyncio.to_thread(logged, web, "socket.ended", path=UNKNOWN)
    assert "secret-of-a-socket" not in web.output()


async def test_a_foreign_origin_is_refused(web: WebProcess) -> None:
    async with await websockets.connect(web.socket_url + UNKNOWN, origin=websockets.Origin("http://evil.test")) as one:
        with pytest.raises(websockets.ConnectionClosed):
            await one.recv()
        assert one.close_code == 4403
    async with await websockets.connect(web.socket_url + UNKNOWN) as program:
        with pytest.raises(websockets.ConnectionClosed):
            await program.recv()
        assert program.close_code == 4401


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_does_not_come_is_a_problem_that_says_when_to_come_back(processes: Processes) -> None:
    cookie = cookie_of(User.objects.create(email="alice@example.org", name="Alice"))
    web = processes.web(HTTP_ANSWER_SECONDS="1", LOG_FORMAT="json")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE documents_membership IN ACCESS EXCLUSIVE MODE")
        answer = httpx.get(web.url + "/api/v1/documents/", headers={"Cookie": cookie}, timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == str(answer.json()["retry_after"]) == "10"
    assert (answer.json()["code"], len(answer.headers["X-Request-ID"])) == ("unavailable", 32)
    logged(web, "http.unanswered", status=503)


def test_it_stops_within_seconds_on_sigterm(web: WebProcess) -> None:
    assert web.process is not None
    with httpx.Client(timeout=60) as kept_alive:
        kept_alive.get(web.url + "/healthz")
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(10)
    assert web.process.returncode == 0
    logged(web, "server.stopped")
