"""The application is plain ASGI: uvicorn and a plain daphne serve it as well."""

import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import websockets
from pycrdt import Text

from apps.collaboration.services import read_document
from apps.core.close_codes import CloseCode
from tests.collaboration.conftest import Cast
from tests.collaboration.conftest import cast as cast
from tests.processes import STOP_TIMEOUT_SECONDS, Processes, WebProcess, free_port

SERVERS = {
    "uvicorn": ["uvicorn", "project.asgi:application", "--ws", "websockets-sansio", "--port"],
    "daphne": ["daphne", "project.asgi:application", "--port"],
}


def start(server: str, processes: Processes, **environment: str) -> WebProcess:
    port = free_port()
    argv = [sys.executable, "-m", *SERVERS[server], str(port)]
    log = processes.folder / f"{server}.log"
    child = WebProcess(argv, {**processes.environment, **environment}, log, port=port)
    processes.keep(child)
    child.start()
    return child


@pytest.fixture(params=list(SERVERS))
def other(request: pytest.FixtureRequest, processes: Processes) -> WebProcess:
    return start(request.param, processes, HTTP_MAX_BODY_BYTES="1000")


async def test_pages_limits_and_sockets_work(other: WebProcess) -> None:
    async with httpx.AsyncClient(base_url=other.url, timeout=60) as client:
        page = await client.get("/accounts/login/")
        assert page.status_code == httpx.codes.OK
        assert page.headers["X-Request-ID"]
        for content in (b"x" * 1001, undeclared()):
            refused = await client.post("/accounts/login/", content=content)
            assert refused.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    address = f"{other.socket_url}/ws/nowhere"
    async with await websockets.connect(address, origin=websockets.Origin(other.url)) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4404


def test_people_write_together(other: WebProcess, cast: Cast) -> None:
    with cast.connect(other, cast.alice, ack=True) as alice, cast.connect(other, cast.bob) as bob:
        alice.sync()
        bob.sync()
        alice.type("from Alice")
        alice.wait_saved(1)
        bob.listen_until(lambda: bob.text == "from Alice")
        bob.type("and Bob. ", at=0)
        alice.listen_until(lambda: alice.text == bob.text == "and Bob. from Alice")
        with cast.connect(other, cast.vera) as vera:
            assert vera.sync().text == alice.text
            vera.type("no")
            assert vera.close_code() == 4403


def test_uvicorn_commits_what_was_typed_before_it_closes_the_sockets(processes: Processes, cast: Cast) -> None:
    """Plain daphne does not: it tells the application nothing of its end."""
    uvicorn = start("uvicorn", processes, SYNC_JOURNAL_SECONDS="60")
    with cast.connect(uvicorn, cast.alice) as alice, cast.connect(uvicorn, cast.bob) as bob:
        alice.sync()
        bob.sync()
        for word in ("in ", "the ", "last ", "second"):
            alice.type(word)
        bob.listen_until(lambda: bob.text == "in the last second")
        assert uvicorn.process is not None
        uvicorn.process.terminate()
        assert alice.close_code(30) == CloseCode.RESTARTING
        assert str(read_document(cast.document.pk).get("t", type=Text)) == alice.text
    uvicorn.process.wait(STOP_TIMEOUT_SECONDS)


async def undeclared() -> AsyncIterator[bytes]:
    for _ in range(11):
        yield b"x" * 100
