"""Sockets that join, write and leave for a while: does one web process keep its size?

    BENCH_SOAK_SECONDS=3600 python -m tests.benchmarks.bench_soak

Half of them say goodbye, the others are cut. Every text must be acknowledged. Memory and descriptors of the last
quarter are printed beside those of the second: the first is for filling pools and caches.
"""

import asyncio
import os
import random
import statistics
import time
from dataclasses import dataclass, field

from pycrdt import Doc, Text

from apps.collaboration.frames import Kind, frame, read_varuint
from tests.benchmarks.crowd import Client, Crowd, Usage, connect, make_crowd, running_stack, until
from tests.processes import WebProcess

SECONDS = float(os.environ.get("BENCH_SOAK_SECONDS", "30"))
SOCKETS = int(os.environ.get("BENCH_SOAK_SOCKETS", "200"))
DOCUMENTS = 20
STAY_SECONDS = 4.0  # on average
WRITES_PER_SECOND = 0.5  # of one socket
GROWTH_LIMIT = 1.1
ACKNOWLEDGED = b"\x64"
ANSWER = b"\x00\x01"


@dataclass
class Totals:
    joined: int = 0
    written: int = 0
    lost: int = 0  # closed by the server, or never acknowledged
    samples: list[Usage] = field(default_factory=list)


class Visitor:
    """One person with the document open."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.doc: Doc[Text] = Doc()

    def hear(self, client: Client, message: bytes) -> None:
        if message[:1] == ACKNOWLEDGED:
            _, at = read_varuint(message, 1)
            self.acknowledged = read_varuint(message, at)[0]
        elif message[:2] == ANSWER:
            client.answered.set()

    def write(self, client: Client) -> None:
        """Type a word and take it back: the document stays small, its log grows."""
        shared = self.doc.get("t", type=Text)
        before = self.doc.get_state()
        shared.insert(0, "word ")
        del shared[0:5]
        client.send(frame(Kind.UPDATE, self.doc.get_update(before)))


async def visit(web: WebProcess, crowd: Crowd, totals: Totals, ends_at: float) -> None:
    """Join, write and leave, again and again."""
    while time.monotonic() < ends_at:
        visitor = Visitor()
        path = f"/ws/sync/{random.choice(crowd.documents)}?ack=1"
        client = await connect(web, path, random.choice(crowd.cookies), hear=visitor.hear)
        leaves_at = time.monotonic() + random.expovariate(1 / STAY_SECONDS)
        if not await until(client.answered.is_set, 20):
            totals.lost += 1
            continue
        totals.joined += 1
        written = 0
        while time.monotonic() < leaves_at and client.is_open:
            visitor.write(client)
            written += 1
            await asyncio.sleep(random.expovariate(WRITES_PER_SECOND))
        if not await until(lambda: visitor.acknowledged >= written, 20):  # noqa: B023  (awaited within the turn)
            totals.lost += 1
        totals.written += written
        if random.random() < 0.5:
            client.say_goodbye()
        else:
            client.transport.abort()


async def sample(web: WebProcess, totals: Totals, ends_at: float) -> None:
    while time.monotonic() < ends_at:
        totals.samples.append(Usage.of(web))
        await asyncio.sleep(min(1.0, SECONDS / 40))


async def soak(web: WebProcess, crowd: Crowd) -> Totals:
    totals, ends_at = Totals(), time.monotonic() + SECONDS
    visitors = [visit(web, crowd, totals, ends_at) for _ in range(SOCKETS)]
    await asyncio.gather(sample(web, totals, ends_at), *visitors)
    return totals


def run() -> None:
    """Start everything, soak, and print a table."""
    with running_stack() as processes:
        crowd = make_crowd(people=50, documents=DOCUMENTS)
        web = processes.web(SYNC_ROOM_GRACE_SECONDS="1")
        totals = asyncio.run(soak(web, crowd))
        time.sleep(3)
        at_rest = Usage.of(web)
    quarter = len(totals.samples) // 4
    second, last = totals.samples[quarter : 2 * quarter], totals.samples[-quarter:]
    memory = [statistics.median(one.resident_kib for one in part) / 1024 for part in (second, last)]
    descriptors = [statistics.median(one.descriptors for one in part) for part in (second, last)]
    print("| what | figure |\n|---|---|")
    print(
        f"| {SOCKETS} sockets for {SECONDS:.0f} s: joined, updates acknowledged, lost | "
        f"{totals.joined}, {totals.written}, {totals.lost} |"
    )
    print(
        f"| memory, MiB, second and last quarter (ratio, of {GROWTH_LIMIT} allowed) | "
        f"{memory[0]:.0f}, {memory[1]:.0f} ({memory[1] / memory[0]:.2f}) |"
    )
    print(
        f"| descriptors, second and last quarter; when all have left | "
        f"{descriptors[0]:.0f}, {descriptors[1]:.0f}; {at_rest.descriptors} |"
    )


if __name__ == "__main__":
    run()
