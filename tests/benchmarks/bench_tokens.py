"""First-token overhead and CPU per token of the whole way socket, queue, generator, log, socket.

    python -m tests.benchmarks.bench_tokens

Beside it, in the same run: litellm called directly, and the LiteLLM proxy where `LITELLM_PROXY` names its executable.
Overhead is what a system adds: client's send to provider's receipt, plus provider's first write to client's receipt.
Every token carries the provider's clock, and all processes are on one machine.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import aiohttp
import psutil

from project.embedded import running_servers
from tests.processes import ROOT, Processes, free_port, wait_until

MODEL = "bench;first=0.2;rate=40;tokens=100;stamp=1"
TOKENS = 100
LOADS = ((6, 12), (20, 20))  # streams at once, streams in a round
ROUNDS = 4
SPREAD_SECONDS = 1.0  # over which the first streams start
STREAM_TIMEOUT_SECONDS = 60
LIMITS = {
    "ASSISTANT_GENERATIONS_PER_MINUTE": "100000",
    "ASSISTANT_CONCURRENT_GENERATIONS": "1000",
    "MODERATION_REDACT": "secret,account",  # a stamp in nanoseconds can be a card's number
}

Texts = AsyncIterator[str]
Open = Callable[[int], Texts]


@dataclass
class Stream:
    """What one stream showed, in milliseconds."""

    sent_ns: int
    overhead: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def feed(self, token: str) -> None:
        now = time.monotonic_ns()
        index, written, *received = token.split("@")
        if int(index) != len(self.latencies):
            raise AssertionError(f"token {index} came where {len(self.latencies)} was due")
        self.latencies.append((now - int(written)) / 1e6)
        if received:
            self.overhead = (int(received[0]) - self.sent_ns + now - int(written)) / 1e6


async def measure(open_stream: Open, streams: int, total: int) -> list[Stream]:
    """Run `total` streams, `streams` at once. Every token must come once and in order."""
    measured: list[Stream] = []

    async def worker(number: int) -> None:
        await asyncio.sleep(SPREAD_SECONDS * number / streams)
        while len(measured) < total:
            stream = Stream(time.monotonic_ns())
            measured.append(stream)
            rest = ""
            async with asyncio.timeout(STREAM_TIMEOUT_SECONDS):
                async for text in open_stream(number):
                    *tokens, rest = (rest + text).split(" ")
                    for token in filter(None, tokens):
                        stream.feed(token)
            if len(stream.latencies) != TOKENS:
                raise AssertionError(f"{len(stream.latencies)} of {TOKENS} tokens came")

    await asyncio.gather(*(worker(number) for number in range(streams)))
    return measured


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True)
class Row:
    """One system under one load."""

    system: str
    streams: int
    overhead_p50: float
    overhead_p95: float
    latency_p50: float
    latency_p95: float
    cpu_us_per_token: float
    idle: float

    def __str__(self) -> str:
        return (
            f"| {self.system} | {self.streams} × 40/s | {self.overhead_p50:.1f} / {self.overhead_p95:.1f} "
            f"| {self.latency_p50:.1f} / {self.latency_p95:.1f} | {self.cpu_us_per_token:.0f} | {self.idle:.0%} |"
        )


@dataclass
class Tally:
    """What one system showed in all rounds of one load. CPU is counted over `pids`."""

    system: str
    pids: list[int]
    run: Callable[[], Awaitable[list[Stream]]]
    measured: list[Stream] = field(default_factory=list)
    cpu_seconds: float = 0.0
    idle: list[float] = field(default_factory=list)

    def observe(self) -> None:
        """Run one round."""
        before = self._cpu()
        psutil.cpu_times_percent()
        self.measured += asyncio.run(_awaited(self.run))
        self.cpu_seconds += self._cpu() - before
        self.idle.append(psutil.cpu_times_percent().idle / 100)

    def _cpu(self) -> float:
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in self.pids)

    def row(self, streams: int) -> Row:
        overheads = [stream.overhead for stream in self.measured]
        latencies = [latency for stream in self.measured for latency in stream.latencies]
        return Row(
            self.system,
            streams,
            statistics.median(overheads),
            percentile(overheads, 0.95),
            statistics.median(latencies),
            percentile(latencies, 0.95),
            self.cpu_seconds * 1e6 / len(latencies),
            statistics.mean(self.idle),
        )


def take_turns(tallies: list[Tally], streams: int) -> list[Row]:
    """Measure all systems in turns, in another order each round: what the machine does meanwhile meets them alike."""
    for number in range(ROUNDS):
        for tally in tallies[number % len(tallies) :] + tallies[: number % len(tallies)]:
            tally.observe()
    return [tally.row(streams) for tally in tallies]


async def _awaited(run: Callable[[], Awaitable[list[Stream]]]) -> list[Stream]:
    return await run()


# ---------------------------------------------------------------- the systems


async def through_interline(url: str, cookie: str, documents: list[str], streams: int, total: int) -> list[Stream]:
    """Each stream has a socket in a document of its own."""
    headers = {"Cookie": cookie, "Origin": url}
    async with aiohttp.ClientSession() as session:
        sockets = [
            await session.ws_connect(f"{url}/ws/assistant/{document}", headers=headers, max_msg_size=0)
            for document in documents[:streams]
        ]
        for socket in sockets:
            await socket.receive()  # hello

        async def open_stream(number: int) -> Texts:
            socket, generation = sockets[number], str(uuid4())
            request = {"type": "generate", "id": generation, "action": "continue", "input": {"text_before": "Go. "}}
            await socket.send_json(request)
            async for message in socket:
                event = json.loads(message.data)
                if event.get("id") != generation:
                    continue
                if event["type"] == "chunk":
                    yield event["text"]
                    await socket.send_json({"type": "ack", generation: event["seq"]})
                elif event["type"] == "done":
                    return
                elif event["type"] in ("failed", "error"):
                    raise AssertionError(event["code"])

        measured = await measure(open_stream, streams, total)
        for socket in sockets:
            await socket.close()
        return measured


async def through_litellm(url: str, streams: int, total: int) -> list[Stream]:
    """litellm as documented, in this process."""
    import litellm  # noqa: PLC0415  (seconds)

    async def open_stream(_: int) -> Texts:
        response = await litellm.acompletion(
            model=f"openai/{MODEL}",
            api_base=url,
            api_key="sk-bench",
            messages=[{"role": "user", "content": "Go."}],
            stream=True,
        )
        async for chunk in response:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    return await measure(open_stream, streams, total)


async def through_proxy(url: str, streams: int, total: int) -> list[Stream]:
    """The LiteLLM proxy, read line by line."""
    async with aiohttp.ClientSession() as session:

        async def open_stream(_: int) -> Texts:
            body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": "Go."}]}
            async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                response.raise_for_status()
                async for line in response.content:
                    if line.startswith(b"data: {"):
                        choices = json.loads(line[6:])["choices"]
                        if choices and choices[0]["delta"].get("content"):
                            yield choices[0]["delta"]["content"]

        return await measure(open_stream, streams, total)


# ---------------------------------------------------------------- starting them


@contextmanager
def started(argv: list[str], environment: dict[str, str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with log.open("wb") as output:
        process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def wait_for_port(port: int, seconds: float = 90) -> None:
    def is_open() -> bool:
        return any(one.laddr.port == port and one.status == "LISTEN" for one in psutil.net_connections("tcp"))

    wait_until(is_open, seconds=seconds, what=f"port {port}")


def make_people(count: int) -> tuple[str, list[str]]:
    """Return somebody's cookie and `count` documents of theirs."""
    from apps.accounts.models import User  # noqa: PLC0415  (after django.setup)
    from tests.assistant.clients import cookie_of  # noqa: PLC0415
    from tests.cast import make_document  # noqa: PLC0415

    user = User.objects.create(email="bench@example.com")
    return cookie_of(user), [str(make_document(user).pk) for _ in range(count)]


def start_proxy(stack: ExitStack, executable: str, provider_url: str, folder: Path) -> tuple[str, int]:
    """Start the LiteLLM proxy before the provider; returns its address and process id."""
    port, configuration = free_port(), folder / "proxy.json"
    params = {"model": f"openai/{MODEL}", "api_base": provider_url, "api_key": "sk-bench"}
    configuration.write_text(json.dumps({"model_list": [{"model_name": "bench", "litellm_params": params}]}))
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    environment |= {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    }
    argv = [executable, "--config", str(configuration), "--host", "127.0.0.1", "--port", str(port)]
    process = stack.enter_context(started(argv, environment, folder / "proxy.log"))
    wait_for_port(port)
    return f"http://127.0.0.1:{port}", process.pid


def run() -> list[Row]:
    """Start everything, measure every load, and print a table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interline-bench-")))
        database_url, redis_url = stack.enter_context(running_servers(folder))
        os.environ.update(
            DATA_DIR=str(folder),
            DATABASE_URL=database_url,
            REDIS_URL=redis_url,
            DJANGO_SETTINGS_MODULE="project.settings",
            LITELLM_LOCAL_MODEL_COST_MAP="True",
        )
        import django  # noqa: PLC0415
        from django.core.management import call_command  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        port = free_port()
        provider = stack.enter_context(
            started(
                [sys.executable, "-m", "tests.provider", "--port", str(port)], dict(os.environ), folder / "provider.log"
            )
        )
        wait_for_port(port)
        provider_url = f"http://127.0.0.1:{port}/v1"
        processes = Processes({}, folder)
        stack.callback(processes.stop)
        ours = {"AI_MODEL": f"openai/{MODEL}", "AI_API_BASE": provider_url, "AI_API_KEY": "sk-bench", **LIMITS}
        generator = processes.command("generator", **ours)
        web = processes.web(**ours)
        wait_until(lambda: "generator.ready" in generator.output(), seconds=90, what="the generator")
        cookie, documents = make_people(max(streams for streams, _ in LOADS))
        proxy = os.environ.get("LITELLM_PROXY", "")
        proxy_url, proxy_pid = start_proxy(stack, proxy, provider_url, folder) if proxy else ("", 0)
        if not proxy:
            print("LiteLLM proxy: not measured; LITELLM_PROXY names no executable.")

        def systems(streams: int, total: int) -> Iterator[Tally]:
            pids = [web.pid, generator.pid]
            yield Tally("Interline", pids, lambda: through_interline(web.url, cookie, documents, streams, total))
            yield Tally("litellm, direct", [os.getpid()], lambda: through_litellm(provider_url, streams, total))
            if proxy:
                yield Tally("LiteLLM proxy", [proxy_pid], lambda: through_proxy(proxy_url, streams, total))

        for warm in systems(6, 12):
            warm.observe()
        rows = [row for streams, total in LOADS for row in take_turns(list(systems(streams, total)), streams)]
        assert provider.poll() is None
    print_table(rows)
    return rows


def print_table(rows: list[Row]) -> None:
    print("| system | load | overhead p50 / p95 ms | token p50 / p95 ms | CPU µs per token | machine idle |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(row)
    for row in rows:
        ours = next(one for one in rows if one.system == "Interline" and one.streams == row.streams)
        if row is not ours:
            print(
                f"Interline / {row.system}, {row.streams} streams: overhead p50 "
                f"{ours.overhead_p50 / row.overhead_p50:.2f}, p95 {ours.overhead_p95 / row.overhead_p95:.2f}, "
                f"CPU {ours.cpu_us_per_token / row.cpu_us_per_token:.2f}"
            )


if __name__ == "__main__":
    run()
