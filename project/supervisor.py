"""`make run`: starts everything on this machine, shows one log, restarts what crashes, stops it all on Ctrl-C.
On SIGHUP it starts the new version of each program beside the old one, and then stops the old one.

`python -m project.supervisor`, steered by PORT, HOST, DATA_DIR, DATABASE_URL, REDIS_URL, WEB_PROCESSES and GENERATORS.
"""

import os
import socket
import sys
import time
import urllib.error
import urllib.request

from project import embedded
from project.children import IDLE_SECONDS, Child, Stopped, Supervisor
from project.plan import CannotStart, Plan, lock, write_private
from project.ports import PortTaken, check_port

STOP_PROGRAMS_SECONDS = 7.0  # with the servers' share below the ten seconds Ctrl-C may take
STOP_SERVERS_SECONDS = 2.5
READY_NOTICE_SECONDS = 30.0  # then say what is missing, and go on waiting
READY_REQUEST_SECONDS = 2.0
READY_POLL_SECONDS = 0.1
BACKLOG = 1024  # connections waiting while a web process is started again
WORKER_CONCURRENCY = 2  # Celery tasks at a time

SERVERS = ("postgres", "redis")
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "project"]


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
