"""Processes that are kept running: their output in one log, a new start after a crash, an orderly end."""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from project.lifeline import die_with_parent

ROOT = Path(__file__).resolve().parent.parent

RESTART_FIRST_SECONDS = 0.5  # doubled with every crash in a row
RESTART_MAX_SECONDS = 30.0
STEADY_SECONDS = 30.0  # who ran this long has recovered: the back-off starts anew
IDLE_SECONDS = 1.0  # how long the loop sleeps when nothing happens
LINE_MAX_BYTES = 64 * 1024
DRAIN_SECONDS = 0.5  # for the pipes of what was killed to close
RENEW_READY_SECONDS = 60.0  # for a new program to serve, before the old one is asked to stop
RENEW_DRAIN_SECONDS = 20.0  # for the old one to end

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # ANSI foregrounds


class Stopped(Exception):
    """Somebody asked us to stop while something was starting."""


@dataclass
class Child:
    """One process and its place in the log. A child that is not `kept` runs once."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    kept: bool = True
    popen_options: dict[str, Any] = field(default_factory=dict)
    hear: Callable[[str], None] | None = None  # takes its standard output instead of the log
    says_ready: bool = False  # by a byte on the descriptor READY_FD names
    process: "subprocess.Popen[bytes] | None" = None
    ready_pipe: int | None = None
    started_at: float = 0
    crashes: int = 0
    restart_at: float | None = None

    def start(self) -> None:
        """Start it as the leader of a group: Ctrl-C reaches us alone, and its own children can be ended with it."""
        self.restart_at = None
        self.started_at = time.monotonic()
        options = {"cwd": ROOT, **self.popen_options}
        environment = self.environment
        self._close_ready_pipe()
        if self.says_ready:
            self.ready_pipe, theirs = os.pipe()
            os.set_blocking(self.ready_pipe, False)
            environment = {**environment, "READY_FD": str(theirs)}
            options["pass_fds"] = (*options.get("pass_fds", ()), theirs)
        self.process = subprocess.Popen(
            self.argv,
            **options,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if self.hear else subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(self.stop_signal),
        )
        if self.says_ready:
            os.close(theirs)

    def _close_ready_pipe(self) -> None:
        if self.ready_pipe is not None:
            os.close(self.ready_pipe)
            self.ready_pipe = None

    def has_said_ready(self) -> bool:
        """Say whether it serves; who never says so counts as serving."""
        if self.ready_pipe is None:
            return True
        try:
            os.read(self.ready_pipe, 1)
        except BlockingIOError:
            return False
        self._close_ready_pipe()
        return self.is_alive

    def successor(self) -> "Child":
        """Return the same child, not started yet."""
        return replace(self, process=None, ready_pipe=None, crashes=0, restart_at=None)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def has_last_words(self) -> bool:
        """Whether it ended and its output did not yet: what it left behind may take a moment to be gone."""
        if self.process is None or self.is_alive:
            return False
        return self.process.stdout is not None and not self.process.stdout.closed

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_alive:
            self.process.send_signal(self.stop_signal)

    def end(self) -> None:
        """Kill what is left of it and of its own children."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def back_off(self) -> float:
        """Note a crash; return after how many seconds to start again."""
        self.crashes = 1 if time.monotonic() - self.started_at > STEADY_SECONDS else self.crashes + 1
        delay: float = min(RESTART_FIRST_SECONDS * 2 ** (self.crashes - 1), RESTART_MAX_SECONDS)
        self.restart_at = time.monotonic() + delay
        return delay


class Lines:
    """Reads a child's pipe without waiting and hands on whole lines."""

    def __init__(self, pipe: IO[bytes], hear: Callable[[str], None]) -> None:
        self._pipe = pipe
        self._hear = hear
        self._rest = b""
        os.set_blocking(pipe.fileno(), False)

    def read(self) -> bool:
        """Hand on what has come. Return False when the pipe has ended."""
        try:
            piece = os.read(self._pipe.fileno(), LINE_MAX_BYTES)
        except BlockingIOError:
            return True
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > LINE_MAX_BYTES or (not piece and self._rest):
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._hear(line.decode(errors="replace").rstrip())
        return bool(piece)

    def close(self) -> None:
        self._pipe.close()


class Supervisor:
    """Runs children in one thread: reads their output, starts them again, and hears signals."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._wake, waker = socket.socketpair()
        for end in (self._wake, waker):
            end.setblocking(False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._waker = waker
        self._stops_asked = 0
        self._stopping = False
        self.renewal_asked = False
        self._had_terminal = _has_terminal()
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, self._ask_to_stop)
        signal.signal(signal.SIGHUP, self._hang_up)

    def _ask_to_stop(self, *_: object) -> None:
        self._stops_asked += 1

    def _hang_up(self, *_: object) -> None:
        """Renew everything, or stop where SIGHUP says that our terminal was closed."""
        if self._had_terminal and not _has_terminal():
            self._stops_asked += 1
        else:
            self.renewal_asked = True

    def say(self, text: str) -> None:
        self._print("interline", text, bold=True)

    def add(self, child: Child) -> Child:
        self.children.append(child)
        self._start(child)
        return child

    def _start(self, child: Child) -> None:
        child.start()
        assert child.process is not None

        def log(line: str) -> None:
            self._print(child.name, line)

        for pipe, hear in ((child.process.stdout, child.hear or log), (child.process.stderr, log)):
            if pipe:
                self._selector.register(pipe, selectors.EVENT_READ, Lines(pipe, hear))

    def wait_for(self, done: Callable[[], bool], *, poll_seconds: float = IDLE_SECONDS) -> None:
        """Keep everything running until `done`, asked every `poll_seconds`. Raises Stopped when asked to stop."""
        ask_at = 0.0
        while not self._stops_asked:
            if time.monotonic() >= ask_at:
                if done():
                    return
                ask_at = time.monotonic() + poll_seconds
            self._turn(max(0.0, ask_at - time.monotonic()))
        raise Stopped

    def _turn(self, seconds: float) -> None:
        """Wait up to `seconds` for output, a signal or an ended child, and deal with it."""
        due = [child.restart_at - time.monotonic() for child in self.children if child.restart_at is not None]
        for key, _ in self._selector.select(max(0.0, min([seconds, *due]))):
            if key.fileobj is self._wake:
                with suppress(BlockingIOError):
                    self._wake.recv(4096)
            elif not key.data.read():
                self._selector.unregister(key.fileobj)
                key.data.close()
        for child in self.children:
            self._look_after(child)

    def drain(self) -> None:
        """Show what ended children have written last."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while any(child.has_last_words for child in self.children) and time.monotonic() < deadline:
            self._turn(0.05)

    def _look_after(self, child: Child) -> None:
        if child.process is None or self._stopping or not child.kept:
            return
        if child.restart_at is not None:
            if time.monotonic() >= child.restart_at:
                self._start(child)
        elif (status := child.process.poll()) is not None:
            child.end()
            how = f"signal {-status}" if status < 0 else f"status {status}"
            self.say(f"{child.name} ended with {how}; starting it again in {child.back_off():g} s.")

    def stop(self, children: list[Child], seconds: float) -> None:
        """Ask `children` to stop, wait up to `seconds` (not at all when asked twice), then kill."""
        self._stopping = True
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + seconds
        while any(child.is_alive for child in children) and time.monotonic() < deadline and self._stops_asked < 2:
            self._turn(min(0.1, seconds))
        late = [child.name for child in children if child.is_alive]
        if late:
            self.say(f"{', '.join(late)} did not stop in time and will be killed.")
        for child in children:
            child.end()
        self.drain()

    def renew(self, old: Child) -> bool:
        """Start `old` anew, and stop the old one when the new one serves. False where that did not come to pass."""
        new = old.successor()
        self._start(new)
        self.children.insert(self.children.index(old), new)
        new.kept = False  # until it serves: one that crashes is not started again and again
        deadline = time.monotonic() + RENEW_READY_SECONDS
        served = False

        def decided() -> bool:
            nonlocal served
            served = new.has_said_ready()
            return served or not new.is_alive or time.monotonic() > deadline

        self.wait_for(decided, poll_seconds=0.05)
        late = old if served else new
        late.kept = False
        late.ask_to_stop()
        deadline = time.monotonic() + RENEW_DRAIN_SECONDS
        self.wait_for(lambda: not late.is_alive or time.monotonic() > deadline, poll_seconds=0.05)
        late.end()
        self.drain()
        self.children.remove(late)
        new.kept = served
        return served

    def _print(self, name: str, text: str, *, bold: bool = False) -> None:
        label = f"{name:<11}|"
        if self._colours:
            names = [child.name for child in self.children]
            colour = 1 if bold or name not in names else COLOURS[names.index(name) % len(COLOURS)]
            label = f"\x1b[{colour}m{label}\x1b[0m"
        with suppress(OSError):  # the terminal or the reader of a pipe may be gone
            print(f"{label} {text}", flush=True)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
