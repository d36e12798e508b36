"""Sockets over plain HTTP: what is asked twice is done once, what was cut is not lost, who is silent is gone."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from websockets.exceptions import ConnectionClosed

from apps.core.close_codes import CloseCode
from tests.assistant.clients import cookie_of
from tests.cast import make_document, make_user
from tests.over_http import HTTPSocket, event_stream
from tests.processes import STOP_TIMEOUT_SECONDS, Child, Processes, WebProcess, free_port, wait_until

SHORT = {"FALLBACK_SILENCE_SECONDS": "3", "FALLBACK_HEARTBEAT_SECONDS": "0.2"}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as open_things:
        yield open_things


@pytest.fixture(scope="module")
def _shared(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """A web process for every test that neither kills nor configures its own: starting one takes seconds."""
    database = connection.settings_dict
    url = f"postgres://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}"
    started = Processes({"DATABASE_URL": url, "REDIS_PREFIX": "test:fallback:"}, tmp_path_factory.mktemp("fallback"))
    yield started.web(**SHORT)
    started.stop()


@pytest.fixture
def web(_shared: WebProcess, transactional_db: None) -> WebProcess:
    return _shared


def join(web: WebProcess, stack: ExitStack, *, polls: bool = True, other: WebProcess | None = None) -> HTTPSocket:
    """Return Alice's assistant socket in a document of her own, before its hello."""
    alice = make_user(f"Alice{uuid4().hex[:6]}")
    return connect(web.url, cookie_of(alice), str(make_document(alice).pk), stack, polls=polls, other=other)


def connect(
    url: str, cookie: str, document: str, stack: ExitStack, *, polls: bool = True, other: WebProcess | None = None
) -> HTTPSocket:
    headers = {"Origin": url, "Cookie": cookie}
    return stack.enter_context(
        HTTPSocket(f"{url}/ws/assistant/{document}", headers, polls=polls, other_url=other.url if other else "")
    )


def ping(nonce: str) -> dict[str, str]:
    return {"text": json.dumps({"type": "ping", "nonce": nonce})}


def nonces(socket: HTTPSocket, count: int) -> list[str]:
    """Return the nonces of so many pongs, as they come."""
    found: list[str] = []
    while len(found) < count:
        frame = socket.recv(30)
        assert isinstance(frame, str)
        if '"pong"' in frame:
            found.append(frame.split('"nonce":"')[1].split('"')[0])
    return found


def close_code(socket: HTTPSocket) -> int:
    """Read until the server closes; return its code."""
    while True:
        try:
            socket.recv(30)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0


def test_a_request_sent_again_is_taken_once_and_in_order(web: WebProcess, stack: ExitStack) -> None:
    socket = join(web, stack)
    assert socket.write([ping("a"), ping("b")], first=1).json() == {"taken": 2}
    assert socket.write([ping("a"), ping("b"), ping("c")], first=1).json() == {"taken": 3}
    early = socket.write([ping("e")], first=5)
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    assert socket.write([ping("d")], first=4).json() == {"taken": 4}
    assert nonces(socket, 4) == ["a", "b", "c", "d"]


def test_a_cut_stream_goes_on_where_the_client_says(web: WebProcess, stack: ExitStack) -> None:
    socket = join(web, stack)
    socket.write([ping(str(number)) for number in range(5)], first=1)
    heard = []
    with socket.http.stream("GET", socket.session, params={"after": 0}) as stream:
        for number, frame in event_stream(stream.iter_lines()):
            heard.append((number, frame))
            if number == 3:
                break  # the network goes
    with socket.http.stream("GET", socket.session, params={"after": 3}) as stream:
        for number, frame in event_stream(stream.iter_lines()):
            heard.append((number, frame))
            if number == 6:
                break
    assert [number for number, _ in heard] == [1, 2, 3, 4, 5, 6]
    assert [frame["text"] for _, frame in heard[1:]] == [f'{{"type":"pong","nonce":"{number}"}}' for number in range(5)]
    acknowledged = socket.http.get(socket.session, params={"after": 6, "poll": 0})
    assert (acknowledged.status_code, acknowledged.text) == (200, "")
    assert socket.http.get(socket.session, params={"after": 3, "poll": 0}).status_code == httpx.codes.GONE


def test_a_stream_speaks_at_once_and_then_in_silence(web: WebProcess, stack: ExitStack) -> None:
    """So that the client sees whether somebody on the way keeps it back, and nobody takes the connection for dead."""
    socket = join(web, stack)
    with socket.http.stream("GET", socket.session, params={"after": 0}) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["x-accel-buffering"] == "no"
        lines = stream.iter_lines()
        assert next(lines) == ":"
        comments = 0
        while comments < 2:
            comments += next(lines) == ":"


@pytest.mark.parametrize("polls", [True, False])
def test_requests_may_go_to_another_web_process(processes: Processes, stack: ExitStack, polls: bool) -> None:
    web, other = processes.web(**SHORT), processes.web(**SHORT)
    socket = join(web, stack, polls=polls, other=other)
    socket.send('{"type": "ping", "nonce": "over there"}')
    assert nonces(socket, 1) == ["over there"]
    assert socket.write([ping("again")], first=1).json() == {"taken": 1}
    assert socket.write([ping("early")], first=9).status_code == httpx.codes.CONFLICT
    web.kill()
    wait_until(lambda: socket.write([], first=2).status_code == httpx.codes.GONE, seconds=30, what="its end")
    assert close_code(socket) == 1006


def test_a_session_is_of_no_use_to_another_browser_or_site(web: WebProcess, stack: ExitStack) -> None:
    socket = join(web, stack)
    mallory = {"Origin": web.url, "Cookie": cookie_of(make_user("Mallory"))}
    stolen = stack.enter_context(httpx.Client(headers=mallory, timeout=60))
    assert stolen.get(socket.session, params={"after": 0, "poll": 0}).status_code == httpx.codes.GONE
    assert stolen.post(socket.session, json={"close": True}).status_code == httpx.codes.GONE
    for origin in ("https://evil.example", "null", ""):
        refused = socket.http.post(socket.session, json={"close": True}, headers={"Origin": origin})
        assert refused.status_code == httpx.codes.FORBIDDEN
    assert "hello" in str(socket.recv(30))


def test_another_sites_page_cannot_open_one(web: WebProcess, stack: ExitStack) -> None:
    alice = make_user("Alice")
    address = f"{web.url}/ws/assistant/{make_document(alice).pk}"
    headers = {"Origin": "https://evil.example", "Cookie": cookie_of(alice)}
    foreign = stack.enter_context(HTTPSocket(address, headers, polls=True))
    assert close_code(foreign) == CloseCode.FORBIDDEN


def test_who_is_silent_is_gone(web: WebProcess, stack: ExitStack) -> None:
    socket = join(web, stack)
    assert "hello" in str(socket.recv(30))
    ended = web.output().count("fallback.ended")
    wait_until(lambda: web.output().count("fallback.ended") > ended, what="the end of a session that nobody reads")
    assert close_code(socket) == 1006
    reading = join(web, stack, polls=False)  # its stream stays open, but nothing more comes from it
    assert "hello" in str(reading.recv(30))
    assert close_code(reading) == CloseCode.TOO_SLOW


def test_who_acknowledges_nothing_holds_a_bounded_amount_and_is_closed(processes: Processes, stack: ExitStack) -> None:
    limits = {"FALLBACK_OUTBOUND_MAX_BYTES": "5000", "FALLBACK_OUTBOUND_SECONDS": "1"}
    web = processes.web(**limits)
    socket = join(web, stack)
    socket.write([ping(f"{number:050}") for number in range(200)], first=1)
    socket.seen = 0
    events = list(event_stream(socket.http.get(socket.session, params={"after": 0, "poll": 20}).text.splitlines()))
    held = sum(len(frame.get("text", "")) for _, frame in events[1:])  # hello has its own length
    assert 0 < held < 5000
    wait_until(lambda: "fallback.ended" in web.output(), what="the end of a session that acknowledges nothing")
    assert close_code(socket) == CloseCode.TOO_SLOW


def test_bad_requests_are_named_and_do_no_harm(web: WebProcess, stack: ExitStack) -> None:
    socket = join(web, stack)
    for content in (b"", b"[]", b'{"frames": [{"binary": "?"}]}', b'{"frames": [7]}', b'{"first": -1}', b'{"x": 1}'):
        refused = socket.http.post(socket.session, content=content)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid"), content
        assert refused.headers["X-Request-ID"]
    for after in ("-1", "x", "9" * 30):
        assert socket.http.get(socket.session, params={"after": after}).status_code == httpx.codes.BAD_REQUEST
    assert socket.http.get(socket.session, params={"after": 99}).status_code == httpx.codes.GONE
    for path in ("/fallback/", "/fallback/sessions/", "/fallback/ws/nowhere", "/fallback/ws/assistant/1"):
        assert socket.http.get(web.url + path).status_code in (404, 410)
    assert socket.http.get(web.url + "/fallback/sessions/x-y", params={"after": 0}).status_code == httpx.codes.GONE
    nowhere = stack.enter_context(HTTPSocket(f"{web.url}/ws/nowhere", dict(socket.http.headers), polls=True))
    assert close_code(nowhere) == CloseCode.NOT_FOUND
    assert socket.write([ping("still here")], first=1).json() == {"taken": 1}
    assert nonces(socket, 1) == ["still here"]


def test_there_are_only_so_many_sessions(processes: Processes, stack: ExitStack) -> None:
    web = processes.web(FALLBACK_SESSIONS_MAX="1")
    socket = join(web, stack)
    refused = socket.http.post(socket.session.split("/sessions/")[0] + "/ws/assistant/x", json={})
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert int(refused.headers["Retry-After"]) > 0


def test_an_orderly_stop_asks_to_come_back(processes: Processes, stack: ExitStack) -> None:
    web = processes.web()
    socket = join(web, stack, polls=False)
    assert "hello" in str(socket.recv(30))
    web.stop()
    assert close_code(socket) == CloseCode.RESTARTING


def test_it_works_on_another_server(processes: Processes, stack: ExitStack) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "project.asgi:application", "--port", str(port)]
    child = Child(argv, processes.environment, processes.folder / "uvicorn.log")
    processes.keep(child)
    child.start()
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: "running on" in child.output(), seconds=30, what="uvicorn")
    alice = make_user("Alice")
    for polls in (True, False):
        socket = connect(url, cookie_of(alice), str(make_document(alice).pk), stack, polls=polls)
        socket.send('{"type": "ping", "nonce": "u"}')
        assert nonces(socket, 1) == ["u"]
    assert child.process is not None
    child.process.terminate()  # uvicorn waits for open requests: the stream is ended by us
    assert close_code(socket) == CloseCode.RESTARTING
    child.process.wait(STOP_TIMEOUT_SECONDS)
