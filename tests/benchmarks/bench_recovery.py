"""How soon a cancel reaches the provider, and how soon everything goes on after a process was killed.

    python -m tests.benchmarks.bench_recovery

Provider, clients and this program are one process with one clock.

- Cancel: from a client's `cancel` until the provider sees its connection closed; alone, and beside other streams.
- Generator: from SIGKILL of the one that writes an answer until its reader hears `resumed`, with the product's waits.
- Web process: SIGKILL while people have documents open, and a start at once. They come back as browsers do
  (`frontend/src/sockets/reconnection.ts`): from when it answers again until each has its document.
"""

import asyncio
import random
import statistics
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.benchmarks.crowd import Client, Crowd, connect, make_crowd, percentile, running_stack, until
from tests.processes import Child, Processes, WebProcess, wait_until
from tests.provider.fixture import Provider
from tests.provider.server import Received

CANCELS = 30
STREAMS_BESIDE = 20
CANCEL_LIMIT_SECONDS = 0.1
GENERATOR_ROUNDS = 5
GENERATOR_LIMIT_SECONDS = 5.0
WEB_ROUNDS = 3
WEB_CLIENTS = 200
WEB_LIMIT_SECONDS = 2.0
RECONNECT_FIRST_SECONDS, RECONNECT_MOST_SECONDS = 1.0, 30.0
LIMITS = {"ASSISTANT_GENERATIONS_PER_MINUTE": "100000", "ASSISTANT_CONCURRENT_GENERATIONS": "1000"}
LONG = {"max_tokens": 4_000}
STEP_2 = b"\x00\x01"


@dataclass
class Assistant:
    """Web, generators and provider, and somebody with a document."""

    processes: Processes
    provider: Provider
    stack: ExitStack
    web: WebProcess = field(init=False)
    generators: list[Child] = field(default_factory=list)
    _requests: dict[str, Received] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from tests.cast import make_document, make_user  # noqa: PLC0415  (after django.setup)

        self.user = make_user("Alice")
        self.document = make_document(self.user)
        self.web = self.processes.web(**self._environment())

    def _environment(self) -> dict[str, str]:
        return self.provider.environment(**LIMITS)

    def start_generator(self) -> None:
        generator = self.processes.command("generator", **self._environment())
        wait_until(lambda: "generator.ready" in generator.output(), seconds=90, what="the generator")
        self.generators.append(generator)

    def join(self) -> Any:
        from tests.assistant.clients import AssistantClient  # noqa: PLC0415

        client = self.stack.enter_context(AssistantClient(self.web, self.user, self.document))
        client.hear_type("hello")
        return client

    def begin(self, client: Any) -> str:
        """Start an answer that goes on for minutes; return when its first words are here."""
        generation: str = client.generate(f"{uuid4()} ", options=LONG, visibility="private")
        client.hear_until(lambda event: event["type"] == "chunk" and event["id"] == generation)
        self._requests[generation] = self.provider.requests[-1]
        return generation

    def cancel(self, client: Any, generation: str) -> float:
        """Return the seconds from the cancel until the provider was left."""
        request = self._requests[generation]
        asked = time.monotonic()
        client.send({"type": "cancel", "id": generation})
        end = client.hear_end(generation)
        assert end["type"] == "cancelled", end
        wait_until(lambda: request.ended, what="the provider's notice")
        return (request.ended or 0) - asked

    def kill_writer(self, client: Any) -> float:
        """Return the seconds from the death of a generator until another one goes on."""
        from apps.assistant.models import Generation  # noqa: PLC0415

        generation = self.begin(client)
        worker = Generation.objects.get(pk=generation).worker
        writing = next(one for one in self.generators if f"-{one.pid}-" in worker)
        self.generators.remove(writing)
        writing.kill()
        killed = time.monotonic()
        client.hear_until(lambda event: event["type"] == "status" and event["id"] == generation)
        seconds = time.monotonic() - killed
        wait_until(lambda: self.provider.requests[-1] is not self._requests[generation], what="the next request")
        self._requests[generation] = self.provider.requests[-1]
        self.cancel(client, generation)
        return seconds


def measure_assistant(processes: Processes) -> list[str]:
    with ExitStack() as stack:
        provider = Provider()
        provider.start()
        stack.callback(provider.stop)
        provider.behave(rate=40, tokens=4_000)
        assistant = Assistant(processes, provider, stack)
        assistant.start_generator()
        client = assistant.join()
        alone = [assistant.cancel(client, assistant.begin(client)) for _ in range(CANCELS)]
        streams = [assistant.begin(client) for _ in range(STREAMS_BESIDE)]
        beside = [assistant.cancel(client, assistant.begin(client)) for _ in range(CANCELS)]
        for generation in streams:
            assistant.cancel(client, generation)
        waits = []
        for _ in range(GENERATOR_ROUNDS):
            assistant.start_generator()
            waits.append(assistant.kill_writer(client))
    return [
        _cancel_line("cancel to provider, ms: p50, worst", alone),
        _cancel_line(f"the same beside {STREAMS_BESIDE} streams", beside),
        f"| generator killed to `resumed`, s: p50, worst of {len(waits)} (of {GENERATOR_LIMIT_SECONDS:.0f} allowed) | "
        f"{statistics.median(waits):.1f}, {max(waits):.1f} ({max(waits) / GENERATOR_LIMIT_SECONDS:.2f}) |",
    ]


def _cancel_line(what: str, waits: list[float]) -> str:
    worst = max(waits)
    return (
        f"| {what} of {len(waits)} (of {1000 * CANCEL_LIMIT_SECONDS:.0f} allowed) | "
        f"{1000 * statistics.median(waits):.0f}, {1000 * worst:.0f} ({worst / CANCEL_LIMIT_SECONDS:.2f}) |"
    )


class Person:
    """Keeps a document open, as a browser does."""

    def __init__(self, web: WebProcess, document: str, cookie: str) -> None:
        self._web = web
        self._path = f"/ws/sync/{document}"
        self._cookie = cookie
        self.answered_at = 0.0
        self._was_answered = False

    async def stay(self) -> None:
        failures = 0
        while True:
            self._was_answered = False
            with suppress(OSError):
                client = await connect(self._web, self._path, self._cookie, hear=self._hear)
                await client.lost.wait()
            failures = 0 if self._was_answered else failures
            await asyncio.sleep(_delay(failures))
            failures += 1

    def _hear(self, client: Client, message: bytes) -> None:
        if message.startswith(STEP_2):
            self._was_answered = True
            self.answered_at = time.monotonic()


def _delay(failures: int) -> float:
    if not failures:
        return 0.0
    whole: float = min(RECONNECT_FIRST_SECONDS * 2 ** (failures - 1), RECONNECT_MOST_SECONDS)
    return whole * random.uniform(0.5, 1)


async def measure_web(web: WebProcess, crowd: Crowd) -> list[str]:
    people = [
        Person(web, crowd.documents[number % len(crowd.documents)], crowd.cookies[number % len(crowd.cookies)])
        for number in range(WEB_CLIENTS)
    ]
    staying = [asyncio.create_task(person.stay()) for person in people]
    assert await until(lambda: all(person.answered_at for person in people), 60)
    waits, downs = [], []
    for _ in range(WEB_ROUNDS):
        await asyncio.sleep(5)  # a connection that stayed: the next attempt comes at once
        killed = time.monotonic()
        web.kill()
        await asyncio.to_thread(web.start)
        back = time.monotonic()
        downs.append(back - killed)
        assert await until(lambda: all(person.answered_at > killed for person in people), 60)  # noqa: B023
        waits += [max(0.0, person.answered_at - back) for person in people]
    for task in staying:
        task.cancel()
    worst = max(waits)
    return [
        f"| web process killed, {WEB_CLIENTS} clients; it was back after, s | "
        f"{', '.join(f'{seconds:.1f}' for seconds in downs)} |",
        f"| until they had their documents after that, s: p50, p95, worst (of {WEB_LIMIT_SECONDS:.0f} allowed) | "
        f"{statistics.median(waits):.1f}, {percentile(waits, 0.95):.1f}, {worst:.1f} "
        f"({worst / WEB_LIMIT_SECONDS:.2f}) |",
    ]


def run() -> None:
    """Start everything, measure, and print a table."""
    with running_stack() as processes:
        lines = measure_assistant(processes)
        crowd = make_crowd(people=20, documents=20)
        lines += asyncio.run(measure_web(processes.web(), crowd))
    print("\n".join(["| what | figure |", "|---|---|", *lines]))


if __name__ == "__main__":
    run()
