"""Every test, in lanes side by side. `python -m tests.lanes`, started by `make test`.

Progress is shown line by line, what failed in one piece when its lane has ended.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

from tests.processes import ROOT

PYTEST = (sys.executable, "-m", "pytest", "--color=no")
BROWSER = "tests/e2e"
PROCESSES = ("tests/assistant", "tests/clients", "tests/laws", "tests/project")
DETAILS = re.compile(r"=+ (ERRORS|FAILURES|warnings summary|short test summary info|.+ in [\d.]+s\b.*) =+$|⎯+ Failed ")

_printing = Lock()


@dataclass
class Lane:
    """Tests that run one after another, beside those of other lanes."""

    name: str
    argv: Sequence[str]
    folder: Path = ROOT
    seconds: float = 0
    passed: bool = False
    _process: "subprocess.Popen[str] | None" = None
    _details: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Run them to the end, and print what they say."""
        begun = time.monotonic()
        with subprocess.Popen(
            self.argv,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as self._process:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                self._take(line.rstrip("\n"))
        self.seconds, self.passed = time.monotonic() - begun, self._process.returncode == 0
        with _printing:
            print("\n".join([f"{self.name}:", *self._details]), flush=True)

    def _take(self, line: str) -> None:
        if self._details or DETAILS.match(line):
            self._details.append(line)
        elif line:
            with _printing:
                print(f"{self.name:10} | {line}", flush=True)

    def interrupt(self) -> None:
        """End it as Ctrl-C would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)


def every_test() -> list[Lane]:
    """Return the lanes of `make test`, those that take longest first."""
    browser = sorted(str(path.relative_to(ROOT)) for path in (ROOT / BROWSER).glob("test_*.py"))
    half = len(browser) // 2 + 1  # the later ones take longer
    elsewhere = [f"--ignore={folder}" for folder in (BROWSER, *PROCESSES)]
    return [
        Lane("processes", (*PYTEST, *PROCESSES)),
        Lane("browser", (*PYTEST, *browser[:half])),
        Lane("browser 2", (*PYTEST, *browser[half:])),
        Lane("python", (*PYTEST, *elsewhere)),
        Lane("typescript", ("npm", "run", "--silent", "test"), ROOT / "frontend"),
    ]


def run(lanes: Sequence[Lane], at_once: int) -> bool:
    """Run `lanes`, `at_once` of them side by side; return whether all passed."""
    pool = ThreadPoolExecutor(at_once)
    try:
        list(pool.map(Lane.run, lanes))
    finally:
        pool.shutdown(cancel_futures=True)  # interrupted: those not yet begun
    for lane in lanes:
        print(f"{'passed' if lane.passed else 'FAILED'}  {lane.name}, {lane.seconds:.0f} s")
    return all(lane.passed for lane in lanes)


def main() -> int:
    lanes = every_test()

    def stop(*_: Any) -> NoReturn:
        for lane in lanes:
            lane.interrupt()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        return 0 if run(lanes, os.cpu_count() or 1) else 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
