"""Flow control of the launcher, with a small application; uvicorn must treat the same application alike."""

import asyncio
import os
import random
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from tests.processes import ROOT, free_port, wait_until

PROGRAM = '''
import asyncio, sys, zlib

CHUNK = b"x" * 100_000
sent = 0

async def application(scope, receive, send):
    """/flood sends without end; /close/<code> closes; /echo answers; /count says how many chunks went out."""
    global sent
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/count":
            await send({"type": "http.response.body", "body": str(sent).encode()})
        while scope["path"] == "/flood":
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            sent += 1
            await asyncio.sleep(0)
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    kind, _, detail = scope["path"].strip("/").partition("/")
    if kind == "close":
        await send({"type": "websocket.close", "code": int(detail), "reason": "because"})
    if kind == "explain":
        await send({"type": "websocket.close", "code": int(detail), "reason": "because of " + "é" * 100})
    if kind == "late":
        await send({"type": "websocket.close", "code": int(detail)})
        for _ in range(3):
            scope["extensions"]["interline.socket"].outbox.put(bytes((0x82, 4)) + b"late")
    if kind == "leave":
        return
    while kind == "flood":
        await send({"type": "websocket.send", "bytes": CHUNK})
        sent += 1
        await asyncio.sleep(0)
    while (message := await receive())["type"] == "websocket.receive":
        if kind == "check":
            data = message.get("bytes") if message.get("bytes") is not None else message["text"].encode()
            await send({"type": "websocket.send", "text": str(zlib.crc32(data))})
        if kind == "echo":
            await send({"type": "websocket.send", "text": str(len(message.get("bytes") or message.get("text")))})

if sys.argv[1] == "ours":
    from project.server import serve
    serve(application, host="127.0.0.1", port=int(sys.argv[2]))
elif sys.argv[1] == "uvicorn":
    import uvicorn
    uvicorn.run(application, port=int(sys.argv[2]), ws="websockets-sansio", ws_per_message_deflate=False)
'''
QUICK = {"SOCKET_PING_SECONDS": "1", "SOCKET_DEAD_SECONDS": "1", "HTTP_STALL_SECONDS": "1"}


@dataclass(frozen=True)
class Served:
    port: int
    pid: int

    @property
    def kib(self) -> int:
        """Return what it has in memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * 4


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start the application on a server."""
    running = []

    def start(server: str = "ours", **environment: str) -> Served:
        port = free_port()
        argv = [sys.executable, "-c", PROGRAM, server, str(port)]
        process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
        running.append(process)

        def answers() -> bool:
            assert process.poll() is None
            try:
                httpx.get(f"http://127.0.0.1:{port}/count", timeout=60)
            except httpx.HTTPError:
                return False
            return True

        wait_until(answers, seconds=30, what=server)
        return Served(port, process.pid)

    yield start
    for process in running:
        process.kill()
        process.wait()


async def connect(port: int, path: str) -> ClientConnection:
    return await websockets.connect(f"ws://127.0.0.1:{port}{path}", max_size=None, compression=None, ping_interval=None)


async def closed(client: ClientConnection) -> tuple[int, str]:
    """Read to the end; return code and reason."""
    async with asyncio.timeout(20):
        with suppress(websockets.ConnectionClosed):
            while True:
                await client.recv()
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


async def count(port: int) -> int:
    async with httpx.AsyncClient(timeout=60) as browser:
        return int((await browser.get(f"http://127.0.0.1:{port}/count", timeout=20)).text)


async def settled_count(port: int) -> int:
    """Return how many chunks went out once no more do; a server that takes them all never comes to that."""
    before = -1
    for _ in range(100):
        now = await count(port)
        if now == before:
            return now
        before = now
        await asyncio.sleep(0.3)
    raise AssertionError(f"{before} chunks went out and it goes on")


def raw_connection(port: int, request: str) -> socket.socket:
    """A client whose bytes are read by nobody."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(request.replace("\n", "\r\n").encode())
    return client


FLOOD_SOCKET = """GET /flood HTTP/1.1
Host: localhost
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
Sec-WebSocket-Version: 13

"""


@pytest.mark.parametrize("server", ["ours", "uvicorn"])
@pytest.mark.parametrize("request_text", [FLOOD_SOCKET, "GET /flood HTTP/1.1\nHost: localhost\n\n"])
async def test_sending_waits_for_a_client_that_does_not_read(serve: Serve, server: str, request_text: str) -> None:
    port = (await asyncio.to_thread(serve, server)).port
    with raw_connection(port, request_text):
        assert 0 < await settled_count(port) < 40  # 4 MB, most of it in the kernel's buffers


@pytest.mark.parametrize("server", ["ours", "uvicorn"])
async def test_an_application_may_close_with_any_code_and_a_reason(serve: Serve, server: str) -> None:
    port = (await asyncio.to_thread(serve, server)).port
    for code in (1000, 1001, 1008, 1011, 1012, 1013, 4403):
        async with await connect(port, f"/close/{code}") as client:
            assert await closed(client) == (code, "because")


async def test_a_long_reason_is_cut_at_a_whole_character(serve: Serve) -> None:
    port = (await asyncio.to_thread(serve)).port
    async with await connect(port, "/explain/4400") as client:
        assert await closed(client) == (4400, "because of " + "é" * 56)


async def test_a_close_frame_is_the_last_that_goes_out(serve: Serve) -> None:
    port = (await asyncio.to_thread(lambda: serve(SOCKET_CLOSE_SECONDS="1"))).port
    heard = b""
    with raw_connection(port, FLOOD_SOCKET.replace("/flood", "/late/4403")) as client, suppress(ConnectionResetError):
        client.settimeout(30)
        while more := await asyncio.to_thread(client.recv, 1024):
            heard += more
    assert heard.endswith(bytes((0x88, 2)) + (4403).to_bytes(2, "big"))


async def test_a_message_over_the_limit_is_answered_by_a_close_frame(serve: Serve) -> None:
    port = (await asyncio.to_thread(serve)).port
    async with await connect(port, "/echo") as client:
        await client.send(b"x" * 2**21)
        assert await client.recv() == str(2**21)
        await client.send(b"x" * (2**21 + 1))
        assert (await closed(client))[0] == 4413


async def test_a_message_of_many_fragments_counts_as_one(serve: Serve) -> None:
    port = (await asyncio.to_thread(serve)).port
    async with await connect(port, "/echo") as client:
        await client.send(b"x" * 100_000 for _ in range(22))
        assert (await closed(client))[0] == 4413


async def test_messages_of_every_shape_arrive_whole_and_in_order(serve: Serve) -> None:
    """Small binary frames pass autobahn by. They come after, before and between others, and cut anywhere."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    port = (await asyncio.to_thread(serve)).port
    frames, sizes = b"", []
    for _ in range(300):
        size = dice.choice([0, 1, 5, 125, 126, 300, 65_535, 65_536, dice.randrange(2_000)])
        payload = dice.randbytes(size)
        shape = dice.choice(["binary", "binary", "binary", "text", "fragments", "ping"])
        if shape == "binary":
            frames += frame(0x82, payload, dice)
        elif shape == "text":
            frames += frame(0x81, b"t" * size, dice)
        elif shape == "fragments":
            frames += frame(0x02, payload[: size // 2], dice) + frame(0x89, b"", dice)
            frames += frame(0x80, payload[size // 2 :], dice)
        else:
            frames += frame(0x89, payload[:125], dice)
            continue
        sizes.append(f"{zlib.crc32(b't' * size if shape == 'text' else payload)}")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(FLOOD_SOCKET.replace("/flood", "/check").replace("\n", "\r\n").encode())
    await reader.readuntil(b"\r\n\r\n")
    echoing = asyncio.create_task(answers(reader, len(sizes)))
    at = 0
    while at < len(frames):
        step = dice.choice([1, 7, 1_000, 70_000])
        writer.write(frames[at : at + step])
        at += step
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        assert await echoing == sizes
    writer.close()


def frame(head: int, payload: bytes, dice: random.Random) -> bytes:
    """Return a client's frame."""
    length, key = len(payload), dice.randbytes(4)
    if length < 126:
        size = bytes((0x80 | length,))
    else:
        size = b"\xfe" + length.to_bytes(2, "big") if length < 1 << 16 else b"\xff" + length.to_bytes(8, "big")
    return bytes((head,)) + size + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


async def answers(reader: asyncio.StreamReader, count: int) -> list[str]:
    """Return the next `count` text messages; each is short."""
    texts: list[str] = []
    while len(texts) < count:
        head, length = await reader.readexactly(2)
        payload = await reader.readexactly(length)
        if head == 0x81:
            texts.append(payload.decode())
    return texts


async def test_a_socket_whose_application_has_ended_is_closed(serve: Serve) -> None:
    port = (await asyncio.to_thread(serve)).port
    async with await connect(port, "/leave") as client:
        assert (await closed(client))[0] == 1000


async def test_a_reader_that_takes_nothing_is_closed_with_a_code_it_may_come_back_after(serve: Serve) -> None:
    port = (await asyncio.to_thread(lambda: serve(**QUICK, SOCKET_CLOSE_SECONDS="30"))).port
    async with await connect(port, "/flood") as client:
        client.transport.pause_reading()
        sent = await settled_count(port)
        await asyncio.sleep(6)  # a second of patience, looked at every two
        client.transport.resume_reading()
        assert (await closed(client))[0] == 4508
    assert await count(port) <= sent + 2


async def test_a_client_that_writes_and_never_answers_a_ping_is_closed(serve: Serve) -> None:
    port = (await asyncio.to_thread(lambda: serve(**QUICK))).port
    request = FLOOD_SOCKET.replace("/flood", "/quiet")
    with raw_connection(port, request) as client:
        for _ in range(200):
            if not sends(client):
                return
            await asyncio.sleep(0.1)
    raise AssertionError("it goes on")


def sends(client: socket.socket) -> bool:
    """Send a message of one byte; False when the server has cut the connection."""
    try:
        client.sendall(bytes((0x82, 0x81, 0, 0, 0, 0)) + b"x")
    except OSError:
        return False
    return True


async def test_a_streamed_answer_that_nobody_takes_is_cut_off(serve: Serve) -> None:
    port = (await asyncio.to_thread(lambda: serve(**QUICK))).port
    with raw_connection(port, "GET /flood HTTP/1.1\nHost: localhost\n\n") as client:
        await settled_count(port)
        await asyncio.sleep(5)
        client.settimeout(20)
        with pytest.raises(ConnectionResetError):
            read_all(client)


def read_all(client: socket.socket) -> None:
    while client.recv(1 << 20):
        pass


async def test_a_stalled_reader_costs_less_than_a_mebibyte(serve: Serve) -> None:
    served = await asyncio.to_thread(serve)
    before = served.kib
    with ExitStack() as clients:
        for _ in range(50):
            clients.enter_context(raw_connection(served.port, FLOOD_SOCKET))
        await settled_count(served.port)
        assert served.kib - before < 50 * 1024
