"""A whole installation under its supervisor, as `make run` starts it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cast import alice as alice
from tests.cast import bob as bob
from tests.processes import ROOT, free_port, wait_until
from tests.provider.fixture import provider as provider

READY_SECONDS = 120
STOP_SECONDS = 10  # the contract: Ctrl-C stops everything within


@dataclass
class Installation:
    """One `python -m project.supervisor` on a port and a data folder of its own."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data_dir.parent / f"supervisor-{self.port}.log"

    def environment(self, **more: str) -> dict[str, str]:
        ours = ("DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "INTERLINE_TESTING")
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {**kept, "DATA_DIR": str(self.data_dir), "PORT": str(self.port), **more}

    def start(self, **environment: str) -> None:
        """Start it and wait until it says where it is."""
        begun = len(self.output())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "project.supervisor"],
                cwd=ROOT,
                env=self.environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(
            lambda: "Ready after" in self.output()[begun:] or not self.is_running(),
            seconds=READY_SECONDS,
            what="readiness",
        )
        assert self.is_running(), self.output()

    def try_to_start(self, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end, for starts that must be refused."""
        return subprocess.run(
            [sys.executable, "-m", "project.supervisor"],
            cwd=ROOT,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def descendants(self) -> list[psutil.Process]:
        assert self.process is not None
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def child(self, words: str) -> psutil.Process | None:
        """Return the direct child whose command line contains `words`, if it is running."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it may end while it is looked at
                if words in " ".join(child.cmdline()):
                    return child
        return None

    def processor_seconds(self) -> float:
        """Return what its processes have computed: unlike the clock, it does not depend on who else computes."""
        total = 0.0
        for process in self.descendants():
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def answers(self, path: str = "/healthz") -> bool:
        try:
            return httpx.get(self.url + path, timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def interrupt(self) -> None:
        """Ctrl-C."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def end(self) -> None:
        if self.process is not None and self.is_running():
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(2 * STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a space in its name. Not pytest's own: every starting pytest closes those to other accounts,
    and for root PostgreSQL runs as another."""
    with tempfile.TemporaryDirectory(prefix="interline tests ") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def installation(folder: Path) -> Iterator[Installation]:
    """Everything running, as most tests want it; they leave it as it was."""
    running = Installation(folder / "shared" / "data")
    running.data_dir.parent.mkdir()
    try:
        running.start()
        yield running
    finally:
        running.end()
