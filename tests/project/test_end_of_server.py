"""The launcher around an application that does not want to end."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from tests.processes import ROOT, free_port, wait_until

PROGRAM = '''
import asyncio
from project.server import serve
from apps.core.shutdown import on_shutdown

async def stubborn(scope, receive, send):
    """Accepts, counts to itself, writes when told to stop, and ignores its cancellation."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "open"})
    if scope["path"] == "/slow":  # reads one message, then no more until the end
        await receive()
        await send({"type": "websocket.send", "text": "busy"})
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if scope["path"] != "/stubborn":
                raise

async def write_down():
    await asyncio.sleep(0.2)
    print("written", flush=True)

on_shutdown(write_down)
serve(stubborn, host="127.0.0.1", port=PORT)
'''


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("PORT", str(port))], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    yield process, port
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


async def connect(port: int, path: str) -> websockets.ClientConnection:
    for _ in range(200):
        try:
            client = await websockets.connect(f"ws://127.0.0.1:{port}{path}", max_size=None)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            assert await client.recv() == "open"
            return client
    raise AssertionError("the server did not come up")


async def test_what_is_in_memory_is_written_and_sockets_are_told(program: tuple["subprocess.Popen[str]", int]) -> None:
    process, port = program
    client = await connect(port, "/quiet")
    process.terminate()
    with pytest.raises(websockets.ConnectionClosed):
        await client.recv()
    assert client.close_code == 4512
    assert await asyncio.to_thread(process.wait, 30) == 0
    assert process.stdout is not None
    assert process.stdout.read() == "written\n"


async def test_an_application_that_ignores_cancellation_does_not_hold_it_up(
    program: tuple["subprocess.Popen[str]", int],
) -> None:
    process, port = program
    client = await connect(port, "/stubborn")
    process.terminate()
    await asyncio.to_thread(process.wait, 30)  # the application would sleep on for a minute
    await client.close()


async def test_a_sender_faster_than_the_reader_is_held_back(program: tuple["subprocess.Popen[str]", int]) -> None:
    """The application reads one message of the flood: TCP must stop the rest, not the server's memory take it."""
    process, port = program
    client = await connect(port, "/slow")
    sent = 0

    async def flood() -> None:
        nonlocal sent
        while True:
            await client.send(b"x" * 64_000)
            sent += 1

    flooding = asyncio.create_task(flood())
    assert await client.recv() == "busy"
    # It is held back when nothing more goes out for a while; without back-pressure it goes on for ever.
    before = -1
    for _ in range(100):
        if sent == before:
            break
        before = sent
        await asyncio.sleep(0.3)
    else:
        raise AssertionError(f"{sent} messages went out and it goes on")
    flooding.cancel()
    assert resident_mib(process.pid) < 200
    wait_until(lambda: process.poll() is None)
    client.transport.abort()


def resident_mib(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 // 2**20
