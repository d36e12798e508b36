"""The application is plain ASGI: uvicorn serves it as well."""

import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import websockets

from tests.processes import Child, Processes, free_port, wait_until


@pytest.fixture
def uvicorn(processes: Processes) -> int:
    """Start uvicorn; return its port."""
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "project.asgi:application", "--port", str(port)]
    environment = {**processes.environment, "HTTP_MAX_BODY_BYTES": "1000"}
    child = Child([*argv, "--ws", "websockets-sansio"], environment, processes.folder / "uvicorn.log")
    processes.keep(child)
    child.start()

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    wait_until(answers, seconds=30, what="uvicorn")
    return port


async def test_pages_limits_and_sockets_work_on_uvicorn(uvicorn: int) -> None:
    url = f"http://127.0.0.1:{uvicorn}"
    async with httpx.AsyncClient(base_url=url) as client:
        page = await client.get("/accounts/login/")
        assert page.status_code == httpx.codes.OK
        assert page.headers["X-Request-ID"]
        for content in (b"x" * 1001, undeclared()):
            refused = await client.post("/accounts/login/", content=content)
            assert refused.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    address = f"ws://127.0.0.1:{uvicorn}/ws/nowhere"
    async with await websockets.connect(address, origin=websockets.Origin(url)) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4404


async def undeclared() -> AsyncIterator[bytes]:
    for _ in range(11):
        yield b"x" * 100
