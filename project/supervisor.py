"""`make run`: starts everything on this machine, shows one log, restarts what crashes, stops it all on Ctrl-C.
On SIGHUP it starts the new version of each program beside the old one, and then stops the old one.

`python -m project.supervisor`, steered by PORT, HOST, DATA_DIR, DATABASE_URL, REDIS_URL, WEB_PROCESSES and GENERATORS.
"""

import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from project import embedded
from project.lifeline import die_with_parent
from project.ports import PortTaken, check_port, parse_port

ROOT = Path(__file__).resolve().parent.parent

RESTART_FIRST_SECONDS = 0.5  # doubled with every crash in a row
RESTART_MAX_SECONDS = 30.0
STEADY_SECONDS = 30.0  # who ran this long has recovered: the back-off starts anew
STOP_PROGRAMS_SECONDS = 7.0  # with the servers' share below the ten seconds Ctrl-C may take
STOP_SERVERS_SECONDS = 2.5
READY_NOTICE_SECONDS = 30.0  # then say what is missing, and go on waiting
READY_REQUEST_SECONDS = 2.0
READY_POLL_SECONDS = 0.1
IDLE_SECONDS = 1.0  # how long the loop sleeps when nothing happens
LINE_MAX_BYTES = 64 * 1024
DRAIN_SECONDS = 0.5  # for the pipes of what was killed to close
BACKLOG = 1024  # connections waiting while a web process is started again
RENEW_READY_SECONDS = 60.0  # for a new program to serve, before the old one is asked to stop
RENEW_DRAIN_SECONDS = 20.0  # for the old one to end
PROCESSES_MAX = 32  # per kind
WORKER_CONCURRENCY = 2  # Celery tasks at a time

SERVERS = ("postgres", "redis")
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "project"]
COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # ANSI foregrounds


class CannotStart(Exception):
    """The message says what is wrong and what to do."""


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


@dataclass(frozen=True)
class Plan:
    """What to run, read from the environment."""

    host: str
    port: int
    data_dir: Path
    web_processes: int
    generators: int

    @classmethod
    def from_environment(cls) -> "Plan":
        environment = os.environ
        try:
            port = parse_port(environment.get("PORT") or "8000")
        except ValueError as problem:
            raise CannotStart(str(problem)) from None
        return cls(
            host=environment.get("HOST") or "127.0.0.1",
            port=port,
            data_dir=Path(environment.get("DATA_DIR") or ROOT / ".data").resolve(),
            web_processes=_count("WEB_PROCESSES"),
            generators=_count("GENERATORS"),
        )

    @property
    def url(self) -> str:
        host = "localhost" if self.host in ("127.0.0.1", "::1", "0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


def _count(name: str) -> int:
    text = os.environ.get(name) or "1"
    if not text.isdigit() or not 1 <= int(text) <= PROCESSES_MAX:
        raise CannotStart(f"{name} must be a number from 1 to {PROCESSES_MAX}, not {text!r}.")
    return int(text)


def lock(data_dir: Path) -> Any:
    """Hold `data_dir` for this process; the kernel lets go of it when we end, however we end."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = (data_dir / "lock").open("a+")
    except OSError as error:
        raise CannotStart(f"{data_dir} cannot be written ({error.strerror}). Choose another DATA_DIR.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise CannotStart(
            f"Interline is already running on {data_dir} ({file.read().strip() or 'starting'}). Stop it first, or run "
            "another beside it, for example: PORT=8001 DATA_DIR=.data-8001 make run"
        ) from None
    return file


def write_private(path: Path, text: str) -> None:
    """Replace `path` with `text`, readable by its owner only, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def start_servers(supervisor: Supervisor, plan: Plan) -> dict[str, str]:
    """Start what is not set in the environment; return DATABASE_URL and REDIS_URL."""
    wanted = {"DATABASE_URL": embedded.postgres, "REDIS_URL": embedded.redis_server}
    urls = {name: os.environ[name] for name in wanted if os.environ.get(name)}
    started: list[tuple[str, embedded.EmbeddedServer, Child]] = []
    embedded.end_stale(plan.data_dir)
    for name, make in wanted.items():
        if name not in urls:
            server = make(plan.data_dir)
            child = Child(
                server.name,
                server.argv,
                dict(os.environ),
                stop_signal=server.stop_signal,
                popen_options=server.popen_options,
            )
            started.append((name, server, supervisor.add(child)))
    deadline = time.monotonic() + embedded.START_TIMEOUT_SECONDS

    def all_ready() -> bool:
        if time.monotonic() > deadline:
            raise CannotStart(f"The embedded servers were not ready after {embedded.START_TIMEOUT_SECONDS} s.")
        if any(child.crashes for _, _, child in started):
            raise CannotStart("An embedded server does not start; its lines above say why.")
        return all(server.is_ready() for _, server, _ in started)

    supervisor.wait_for(all_ready, poll_seconds=0.05)
    for name, server, _ in started:
        if name == "DATABASE_URL":
            embedded.create_database(server)
        urls[name] = server.url
        write_private(plan.data_dir / name.lower(), server.url)
    return urls


def prepare(supervisor: Supervisor, environment: dict[str, str]) -> list[str]:
    """Migrate; return the lines to show once everything is up (the first admin's log-in)."""
    shown: list[str] = []
    step = supervisor.add(
        Child("prepare", [sys.executable, "manage.py", "prepare"], environment, kept=False, hear=shown.append)
    )
    supervisor.wait_for(lambda: not step.is_alive, poll_seconds=0.1)
    assert step.process is not None
    if step.process.returncode:
        raise CannotStart("The database could not be prepared; the lines above say why.")
    supervisor.drain()
    supervisor.children.remove(step)
    return shown


def numbered(name: str, count: int) -> list[str]:
    return [name] + [f"{name}-{number}" for number in range(2, count + 1)]


def listen(host: str, port: int) -> int:
    """Return the descriptor of a socket that web processes take over from each other: who connects meanwhile waits."""
    return socket.create_server((host, port), backlog=BACKLOG).detach()


def start_programs(supervisor: Supervisor, plan: Plan, environment: dict[str, str]) -> None:
    python = sys.executable
    for offset, name in enumerate(numbered("web", plan.web_processes)):
        argv = [python, "-m", "project.server", "--host", plan.host, "--port", str(plan.port + offset)]
        options = {}
        if ":" not in plan.host:  # daphne takes over IPv4 sockets only
            listening = listen(plan.host, plan.port + offset)
            argv += ["--fd", str(listening)]
            options = {"pass_fds": (listening,)}
        supervisor.add(Child(name, argv, environment, popen_options=options, says_ready=True))
    for name in numbered("generator", plan.generators):
        supervisor.add(Child(name, [python, "manage.py", "generator"], environment, says_ready=True))
    limits = [f"--concurrency={WORKER_CONCURRENCY}", "--without-gossip", "--without-mingle"]
    supervisor.add(Child("worker", [*CELERY, "worker", *limits], environment))


def start_beat(supervisor: Supervisor, plan: Plan, environment: dict[str, str]) -> None:
    """Start what nobody waits for, when everybody else has had the processor."""
    schedule = plan.data_dir / "beat-schedule"
    supervisor.add(Child("beat", [*CELERY, "beat", f"--schedule={schedule}", "--pidfile="], environment))


def renew_programs(supervisor: Supervisor, environment: dict[str, str]) -> None:
    """Bring the database up to date, then replace every program by its new version, one after the other."""
    supervisor.renewal_asked = False
    supervisor.say("Starting the new version beside the old one.")
    try:
        prepare(supervisor, environment)
    except CannotStart as problem:
        supervisor.say(f"{problem} The old version goes on.")
        return
    for child in [child for child in supervisor.children if child.name not in SERVERS]:
        if not supervisor.renew(child):
            supervisor.say(f"The new {child.name} does not start; its lines above say why. The old version goes on.")
            return
    supervisor.say("The new version runs.")


class Readiness:
    """Asks the first web process whether everything is reachable."""

    def __init__(self, plan: Plan) -> None:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(plan.host, plan.host)  # noqa: S104
        self._url = f"http://{f'[{host}]' if ':' in host else host}:{plan.port}/readyz"
        self.detail = "the web process does not answer"
        self.reached = False

    def __call__(self) -> bool:
        try:
            with urllib.request.urlopen(self._url, timeout=READY_REQUEST_SECONDS):  # noqa: S310  (our own http URL)
                self.reached = True
                return True
        except urllib.error.HTTPError as answer:
            self.detail = answer.read(4096).decode(errors="replace")
        except OSError:
            self.detail = "the web process does not answer"
        return False


def run(supervisor: Supervisor, plan: Plan, started_at: float) -> None:
    """Start everything in order, say where it is, and keep it running until asked to stop."""
    urls = start_servers(supervisor, plan)
    environment = {
        **os.environ,
        **urls,
        "DATA_DIR": str(plan.data_dir),
        "COOKIE_SUFFIX": os.environ.get("COOKIE_SUFFIX") or f"_{plan.port}",
        "PYTHONUNBUFFERED": "1",
    }
    notes = prepare(supervisor, environment)
    start_programs(supervisor, plan, environment)
    ready = Readiness(plan)
    notice_at = time.monotonic() + READY_NOTICE_SECONDS
    supervisor.wait_for(lambda: ready() or time.monotonic() > notice_at, poll_seconds=READY_POLL_SECONDS)
    if not ready.reached:
        supervisor.say(f"Not everything is ready yet, and we go on trying: {ready.detail}")
        for note in notes:
            supervisor.say(note)
        notes = []
        supervisor.wait_for(ready, poll_seconds=IDLE_SECONDS)
    start_beat(supervisor, plan, environment)
    for line in ["", f"Interline: {plan.url}", *notes, "", "Ctrl-C stops everything.", ""]:
        supervisor.say(line)
    supervisor.say(f"Ready after {time.monotonic() - started_at:.1f} s.")
    while True:
        supervisor.wait_for(lambda: supervisor.renewal_asked)
        renew_programs(supervisor, environment)


def main() -> int:
    started_at = time.monotonic()
    try:
        plan = Plan.from_environment()
        for offset in range(plan.web_processes):
            check_port(plan.host, plan.port + offset)
        held = lock(plan.data_dir)
    except (CannotStart, PortTaken) as problem:
        print(problem, file=sys.stderr)
        return 1
    held.truncate(0)
    held.write(f"process {os.getpid()}, {plan.url}")
    held.flush()
    supervisor = Supervisor()
    try:
        run(supervisor, plan, started_at)
    except Stopped:
        supervisor.say("Stopping.")
        return 0
    except (CannotStart, embedded.EmbeddedServerError) as problem:
        supervisor.say(str(problem))
        return 1
    finally:
        supervisor.stop([child for child in supervisor.children if child.name not in SERVERS], STOP_PROGRAMS_SECONDS)
        supervisor.stop([child for child in supervisor.children if child.name in SERVERS], STOP_SERVERS_SECONDS)
        supervisor.say("Stopped.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
