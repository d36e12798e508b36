"""Everything running for a benchmark of sockets, and clients so plain that thousands of them fit beside the server."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from project.embedded import running_servers
from tests.processes import Processes, WebProcess

HANDSHAKE = """GET {path} HTTP/1.1\r
Host: {host}\r
Origin: http://{host}\r
Cookie: {cookie}\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
Sec-WebSocket-Version: 13\r
\r
"""
STEP_1_OF_NOTHING = b"\x00\x00\x01\x00"
CLOSE, PING = 8, 9


@contextmanager
def running_stack(**environment: str) -> Iterator[Processes]:
    """PostgreSQL, Redis and a migrated database; Django is set up here, and web processes can be started."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interline-bench-")))
        database_url, redis_url = stack.enter_context(running_servers(folder))
        os.environ.update(
            DATA_DIR=str(folder),
            DATABASE_URL=database_url,
            REDIS_URL=redis_url,
            DJANGO_SETTINGS_MODULE="project.settings",
            **environment,
        )
        import django  # noqa: PLC0415  (reads the settings named above)
        from django.core.management import call_command  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        processes = Processes({}, folder)
        stack.callback(processes.stop)
        yield processes


@dataclass(frozen=True)
class Crowd:
    """People who are signed in, and documents all of them may edit."""

    cookies: list[str]
    documents: list[str]


def make_crowd(people: int, documents: int) -> Crowd:
    from apps.documents.models import Document, Membership, Role  # noqa: PLC0415
    from tests.collaboration.conftest import sign_in  # noqa: PLC0415

    signed_in = [sign_in(f"person-{number}-{os.urandom(4).hex()}@example.com") for number in range(people)]
    made = [Document.objects.create() for _ in range(documents)]
    Membership.objects.bulk_create(
        Membership(document=document, user=person.user, role=Role.EDITOR) for document in made for person in signed_in
    )
    return Crowd([person.cookie for person in signed_in], [str(document.pk) for document in made])


@dataclass
class Usage:
    """Of one process."""

    cpu_seconds: float
    resident_kib: int
    descriptors: int

    @classmethod
    def of(cls, web: WebProcess) -> "Usage":
        process = psutil.Process(web.pid)
        times = process.cpu_times()
        return cls(times.user + times.system, process.memory_info().rss // 1024, process.num_fds())


@dataclass(eq=False)
class Client(asyncio.Protocol):
    """One WebSocket. Hands each message to `hear`; remembers with which code it was closed."""

    handshake: bytes
    hear: Callable[["Client", bytes], None] = lambda client, message: None
    code: int | None = None
    answered: "asyncio.Event" = field(default_factory=asyncio.Event)
    lost: "asyncio.Event" = field(default_factory=asyncio.Event)
    transport: Any = None
    _data: bytearray = field(default_factory=bytearray)
    _upgraded: bool = False
    first: bytes = STEP_1_OF_NOTHING  # sent as soon as the socket is open

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.handshake)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._upgraded:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._data.startswith(b"HTTP/1.1 101"), bytes(self._data[:80])
            del self._data[: end + 4]
            self._upgraded = True
            if self.first:
                self.send(self.first)
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        data = self._data
        if len(data) < 2:
            return False
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + length:
            return False
        opcode, payload = data[0] & 15, bytes(data[start : start + length])
        del data[: start + length]
        if opcode == CLOSE:
            self.code = int.from_bytes(payload[:2], "big")
            self.transport.close()
        elif opcode == PING:
            self._send(0x8A, payload)
        else:
            self.hear(self, payload)
        return True

    def send(self, message: bytes) -> None:
        self._send(0x82, message)

    def say_goodbye(self) -> None:
        self._send(0x88, (1000).to_bytes(2, "big"))

    def _send(self, head: int, payload: bytes) -> None:
        """A mask of zeros leaves the payload as it is."""
        length = len(payload)
        if length < 126:
            size = bytes((0x80 | length,))
        else:
            size = b"\xfe" + length.to_bytes(2, "big") if length < 1 << 16 else b"\xff" + length.to_bytes(8, "big")
        self.transport.write(bytes((head,)) + size + bytes(4) + payload)

    def connection_lost(self, error: Exception | None) -> None:
        if self.code is None:
            self.code = 1006
        self.lost.set()

    @property
    def is_open(self) -> bool:
        return self._upgraded and self.code is None


async def connect(web: WebProcess, path: str, cookie: str, **options: Any) -> Client:
    """Return a client whose handshake is under way."""
    handshake = HANDSHAKE.format(path=path, host=f"127.0.0.1:{web.port}", cookie=cookie).encode()
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(handshake, **options), "127.0.0.1", web.port)
    return client


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition` holds, and say whether it came to that."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True
