"""What slow readers and a crowd at the door cost one web process.

    python -m tests.benchmarks.bench_sockets

A stalled reader among 100: others' delays beside a run without it, rounds alternating, and the server's memory for it.
2,000 sockets at once, half of them the assistant's: how many are served, and when.
"""

import asyncio
import socket
import statistics
import time
from dataclasses import dataclass, field

from pycrdt import Doc, Text

from apps.collaboration.frames import Kind, frame
from tests.benchmarks.crowd import Client, Crowd, Usage, connect, make_crowd, percentile, running_stack, until
from tests.processes import WebProcess

READERS = 100
ROUNDS = 4
ROUND_SECONDS = 4
UPDATES_PER_SECOND = 50
UPDATE_BYTES = 8_000  # so that a reader that stops is behind within a second
P95_LIMIT = 1.2
STALLED = 100
STALLED_BYTES = 8 << 20  # written past them
STALLED_LIMIT_KIB = 1024
CROWD = 2_000
CROWD_LIMIT_SECONDS = 10

UPDATE = b"\x00\x02"
STEP_2 = b"\x00\x01"


@dataclass
class Room:
    """Clients of one document, and when each of them heard each update."""

    web: WebProcess
    document: str
    cookies: list[str]
    sent_at: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    heard: dict[Client, int] = field(default_factory=dict)
    text: Doc[Text] = field(default_factory=Doc)

    async def enter(self, number: int) -> Client:
        client = await connect(
            self.web, f"/ws/sync/{self.document}", self.cookies[number % len(self.cookies)], hear=self._hear
        )
        assert await until(client.answered.is_set, 20), f"no answer, code {client.code}"
        self.heard[client] = 0
        return client

    def _hear(self, client: Client, message: bytes) -> None:
        if message[:2] == STEP_2:
            client.answered.set()
        elif message[:2] == UPDATE and client in self.heard:
            self.delays.append(time.perf_counter() - self.sent_at[self.heard[client]])
            self.heard[client] += 1

    def begin(self) -> None:
        """Count from here on."""
        self.sent_at.clear()
        self.delays.clear()
        self.heard = dict.fromkeys(self.heard, 0)

    def write(self, writer: Client, size: int) -> None:
        before = self.text.get_state()
        shared = self.text.get("t", type=Text)
        shared.insert(len(shared), "x" * size)
        self.sent_at.append(time.perf_counter())
        writer.send(frame(Kind.UPDATE, self.text.get_update(before)))

    async def write_for(self, writer: Client, seconds: float) -> None:
        for _ in range(int(seconds * UPDATES_PER_SECOND)):
            self.write(writer, UPDATE_BYTES)
            await asyncio.sleep(1 / UPDATES_PER_SECOND)
        sent = len(self.sent_at)
        readers = [client for client in self.heard if client is not writer]
        assert await until(lambda: all(self.heard[reader] == sent for reader in readers), 20), "not everybody heard"


async def stall(room: Room) -> Client:
    """Enter the room and stop reading."""
    client = await room.enter(0)
    del room.heard[client]
    client.transport.pause_reading()
    client.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return client


async def measure_delays(web: WebProcess, crowd: Crowd) -> list[str]:
    """Compare p95 without and with a stalled reader, medians of the rounds."""
    room = Room(web, crowd.documents[0], crowd.cookies)
    clients = [await room.enter(number) for number in range(READERS)]
    delays: dict[bool, list[float]] = {False: [], True: []}
    for number in range(-1, 2 * ROUNDS):  # the first warms up
        stalled = [await stall(room)] if number % 2 == 1 else []
        room.begin()
        await room.write_for(clients[0], ROUND_SECONDS)
        if number >= 0:
            delays[bool(stalled)].append(1000 * percentile(room.delays, 0.95))
        for one in stalled:
            one.transport.abort()
    for client in clients:
        client.transport.abort()
    without, with_it = (statistics.median(delays[which]) for which in (False, True))
    return [
        f"| {READERS} readers, p95 ms without / with a stalled one | {without:.1f} / {with_it:.1f} |",
        f"| ratio (of {P95_LIMIT} allowed) | {with_it / without:.2f} |",
    ]


async def grown_kib(web: WebProcess, room: Room, stalled: int) -> int:
    """Return how much the server's memory grew while STALLED_BYTES were written past so many stalled readers."""
    writer = await room.enter(0)
    silent = [await stall(room) for _ in range(stalled)]
    del room.heard[writer]
    before = Usage.of(web).resident_kib
    peak = 0
    for _ in range(STALLED_BYTES // 100_000):
        room.write(writer, 100_000)
        await asyncio.sleep(0.03)
        peak = max(peak, Usage.of(web).resident_kib)
    for client in (writer, *silent):
        client.transport.abort()
    return peak - before


async def measure_memory(web: WebProcess, crowd: Crowd) -> list[str]:
    alone = await grown_kib(web, Room(web, crowd.documents[1], crowd.cookies), 0)
    beside = await grown_kib(web, Room(web, crowd.documents[2], crowd.cookies), STALLED)
    each = (beside - alone) / STALLED
    ratio = each / STALLED_LIMIT_KIB
    return [f"| memory per stalled reader, KiB (of {STALLED_LIMIT_KIB} allowed) | {each:.0f} ({ratio:.2f}) |"]


async def measure_crowd(web: WebProcess, crowd: Crowd) -> list[str]:
    """Open all sockets at once and wait until each was answered: by the document, or by `hello`."""

    def hear(client: Client, message: bytes) -> None:
        if message[:2] == STEP_2 or b'"type":"hello"' in message[:40]:
            client.answered.set()

    def opening(number: int) -> "asyncio.Task[Client]":
        document = crowd.documents[number // 2 % len(crowd.documents)]
        cookie = crowd.cookies[number % len(crowd.cookies)]
        if number % 2:
            return asyncio.create_task(connect(web, f"/ws/assistant/{document}", cookie, hear=hear, first=b""))
        return asyncio.create_task(connect(web, f"/ws/sync/{document}", cookie, hear=hear))

    before, started = Usage.of(web), time.perf_counter()
    clients = await asyncio.gather(*(opening(number) for number in range(CROWD)))
    await until(lambda: all(client.answered.is_set() or client.code for client in clients), 60)
    seconds = time.perf_counter() - started
    served = sum(client.answered.is_set() for client in clients)
    await asyncio.sleep(2)
    after = Usage.of(web)
    ratio = seconds / CROWD_LIMIT_SECONDS
    lost = sum(not client.is_open for client in clients)
    for client in clients:
        client.transport.abort()
    return [
        f"| {CROWD} sockets at once: served, dropped | {served}, {lost} |",
        f"| all served after, s (of {CROWD_LIMIT_SECONDS} allowed) | {seconds:.1f} ({ratio:.2f}) |",
        f"| CPU per socket, ms | {1000 * (after.cpu_seconds - before.cpu_seconds) / CROWD:.2f} |",
        f"| memory per socket, KiB | {(after.resident_kib - before.resident_kib) / CROWD:.0f} |",
    ]


def run() -> None:
    """Start everything, measure, and print a table."""
    with running_stack() as processes:
        crowd = make_crowd(people=20, documents=3)
        unlimited = {"SYNC_CONNECTIONS_PER_PERSON": "1000", "SYNC_BYTES_PER_SECOND": "1000000000"}
        web = processes.web(**unlimited)
        lines = asyncio.run(measure_delays(web, crowd)) + asyncio.run(measure_memory(web, crowd))
        web.stop()
        lines += asyncio.run(measure_crowd(processes.web(), make_crowd(people=20, documents=100)))
    print("\n".join(["| what | figure |", "|---|---|", *lines]))


if __name__ == "__main__":
    run()
