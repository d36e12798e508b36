"""Real processes for tests: web servers, generators, workers; started, killed and restarted as an operator would."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], *, seconds: float = 30, what: str = "the condition") -> Any:
    """Return the first true value of `condition`, asked every 20 ms; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


async def until(condition: Callable[[], Any], *, seconds: float, what: Callable[[], str]) -> None:
    """As `wait_until`, on an event loop."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what()} did not come within {seconds} s")
        await asyncio.sleep(0.02)


@dataclass
class Child:
    """One process of ours under test; its output goes to `log`."""

    argv: list[str]
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    _files: list[IO[bytes]] = field(default_factory=list)

    def start(self) -> None:
        file = self.log.open("ab")
        self._files.append(file)
        self.process = subprocess.Popen(
            self.argv, cwd=ROOT, env=self.environment, stdout=file, stderr=file, start_new_session=True
        )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """SIGKILL, as the kernel's OOM killer or a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, as an operator would; SIGKILL when that takes too long. Safe to call twice."""
        self.ask_to_stop()
        self.wait_stopped()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_stopped(self) -> None:
        if self.process is not None:
            try:
                self.process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        for file in self._files:
            file.close()

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def has_logged(self, *words: str) -> bool:
        """Say whether a line of its output has all of these."""
        return any(all(word in line for word in words) for line in self.output().splitlines())


@dataclass
class WebProcess(Child):
    """A web process on `port`."""

    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        super().start()
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the web process did not come up:\n{self.output()}")
            try:
                if httpx.get(self.url + "/healthz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)


class Processes:
    """Starts processes against the test's database and Redis, and ends them all."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = {**os.environ, **environment}
        self.folder = folder
        self._children: list[Child] = []

    def web(self, **environment: str) -> WebProcess:
        port = free_port()
        argv = [sys.executable, "-m", "project.server", "--port", str(port)]
        child = WebProcess(argv, {**self.environment, **environment}, self._log("web"), port=port)
        self._children.append(child)
        child.start()
        return child

    def command(self, name: str, *arguments: str, **environment: str) -> Child:
        """Start `manage.py <name>`, e.g. the generator."""
        argv = [sys.executable, "manage.py", name, *arguments]
        child = Child(argv, {**self.environment, **environment}, self._log(name))
        self._children.append(child)
        child.start()
        return child

    def worker(self, **environment: str) -> Child:
        """Start a Celery worker."""
        argv = [sys.executable, "-m", "celery", "--quiet", "-A", "project", "worker"]
        argv += ["--concurrency=1", "--without-mingle"]
        child = Child(argv, {**self.environment, **environment}, self._log("worker"))
        self._children.append(child)
        child.start()
        return child

    def keep(self, child: Child) -> None:
        """End `child` with the others."""
        self._children.append(child)

    def stop(self) -> None:
        """Stop them all at once: each takes its second or two."""
        last_first = self._children[::-1]
        for child in last_first:
            child.ask_to_stop()
        for child in last_first:
            child.wait_stopped()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}-{len(self._children)}.log"
