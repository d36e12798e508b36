"""A whole installation whose processes may be killed, stopped and restarted, and whose connections all lead through
proxies: two web processes, two generators, a worker with beat, PostgreSQL, Redis, the test provider."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import psutil

from project import embedded
from project.lifeline import die_with_parent
from tests.laws.proxy import Proxy
from tests.processes import ROOT, free_port
from tests.provider.fixture import Provider

READY_SECONDS = 90
TERM_SECONDS = 20  # the contract: after SIGTERM a process has ended within
SOCKET_NAME = ".s.PGSQL.5432"

SETTINGS = {
    # what waits for seconds in daily life waits less, so that histories are short
    "ASSISTANT_LEASE_SECONDS": "1.5",
    "ASSISTANT_HEARTBEAT_SECONDS": "0.3",
    "ASSISTANT_DRAIN_SECONDS": "0.3",
    "ASSISTANT_SWEEP_SECONDS": "2",
    "ASSISTANT_RECHECK_SECONDS": "2",
    "ASSISTANT_LOG_KEPT_SECONDS": "5",
    "ASSISTANT_GENERATIONS_PER_MINUTE": "100000",
    "AI_REQUEST_TIMEOUT_SECONDS": "5",
    "AI_FIRST_TOKEN_TIMEOUT_SECONDS": "5",
    "AI_RETRIES": "0",
    "AI_COOLDOWN_FAILURES": "100000",
    "SYNC_COMPACT_UPDATES": "40",
    "SYNC_SWEEP_SECONDS": "1",
    "SYNC_ROOM_GRACE_SECONDS": "1",
    "LOG_FORMAT": "text",
}

CAST = """
import json, sys
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.conf import settings
from apps.accounts.models import User
from apps.documents.models import Document, Membership, Role

people = []
for number in range({people}):
    user = User.objects.create_user(f"person{{number}}@example.org")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    people.append((user, f"{{settings.SESSION_COOKIE_NAME}}={{session.session_key}}"))
documents = []
for _ in range({documents}):
    document = Document.objects.create()
    for number, (user, _) in enumerate(people):
        Membership.objects.create(document=document, user=user, role=Role.EDITOR if number else Role.OWNER)
    documents.append(str(document.pk))
print(json.dumps({{"cookies": [cookie for _, cookie in people], "documents": documents}}))
"""


@dataclass
class Program:
    """One process and its children; `is_ready` says whether it serves."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    log: Path
    is_ready: Callable[["Program"], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    options: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    log_start: int = 0
    is_tried_again: bool = False  # as the supervisor does: PostgreSQL waits for what a killed one has left to end
    is_paused: bool = False
    longest_end_seconds: float = 0.0  # after SIGTERM
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # one fault at a time

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                **{"cwd": ROOT, **self.options},
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    async def start(self) -> None:
        """Start it and wait until it serves."""
        self.launch()
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(self.is_ready, self):
            if time.monotonic() > deadline or not (self.is_running or self.is_tried_again):
                raise AssertionError(f"{self.name} did not come up:\n{self.tail()}")
            await asyncio.sleep(0.05)
            if not self.is_running:
                self.launch()

    def kill(self) -> None:
        """SIGKILL to all of it."""
        assert self.process is not None
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.is_paused = False

    def pause(self) -> None:
        self.is_paused = True
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        if self.is_paused:
            self.is_paused = False
            self._signal(signal.SIGCONT)

    async def terminate(self) -> float:
        """Ask it to stop as an operator would; return after how many seconds it had ended."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(self.stop_signal)
        while self.is_running:
            if time.monotonic() - begun > TERM_SECONDS:
                raise AssertionError(f"{self.name} did not end within {TERM_SECONDS} s of SIGTERM:\n{self.tail()}")
            await asyncio.sleep(0.02)
        seconds = time.monotonic() - begun
        self.longest_end_seconds = max(seconds, self.longest_end_seconds)
        return seconds

    def _signal(self, number: signal.Signals) -> None:
        """Signal the process and its descendants: PostgreSQL's and Celery's are no members of its group."""
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            top = psutil.Process(self.process.pid)
            for process in [top, *top.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

    def new_output(self) -> str:
        with self.log.open("rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


class Installation:
    """The running installation. `folder` keeps data and logs."""

    def __init__(self, folder: Path, chance: random.Random, provider: Provider) -> None:
        self.folder = folder
        self.chance = chance
        self.provider = provider
        self.cookies: list[str] = []
        self.documents: list[str] = []
        self.webs: list[Program] = []
        self.generators: list[Program] = []
        self.web_proxies: list[Proxy] = []
        self._web_ports: list[int] = []

    async def start(self, *, people: int, documents: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        await self._start_servers()
        done = await asyncio.to_thread(self._manage, "migrate", "-v0")
        script = CAST.format(people=people, documents=documents)
        done = await asyncio.to_thread(self._manage, "shell", "-v0", "-c", script)
        cast = json.loads(done)
        self.cookies, self.documents = cast["cookies"], cast["documents"]
        for number in range(2):
            await self._add_web(number)
            self.generators.append(self._program(f"generator-{number}", ["manage.py", "generator"], _says_ready))
        celery = ["-m", "celery", "-A", "project", "worker", "-B", f"--schedule={self.folder}/beat", "--pool=solo"]
        self.worker = self._program("worker", [*celery, "--without-gossip", "--without-mingle"], lambda _: True)
        await asyncio.gather(*(program.start() for program in (*self.webs, *self.generators, self.worker)))

    async def _start_servers(self) -> None:
        postgres, redis = embedded.postgres(self.folder), embedded.redis_server(self.folder)
        self.postgres, self.redis = self._server(postgres), self._server(redis)
        await asyncio.gather(self.postgres.start(), self.redis.start())
        await asyncio.to_thread(embedded.create_database, postgres)
        assert postgres.socket_folder is not None
        self.database_url, self.redis_url = postgres.url, redis.url
        between = self.folder / "p"
        between.mkdir()
        self.postgres_proxy = Proxy(postgres.socket_folder / SOCKET_NAME, self.chance)
        await self.postgres_proxy.listen(between / SOCKET_NAME)
        address = urlsplit(redis.url)
        self.redis_proxy = Proxy(("127.0.0.1", address.port or 0), self.chance)
        port = await self.redis_proxy.listen()
        self.environment = {
            **os.environ,
            **SETTINGS,
            **self.provider.environment(),
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": f"postgres://postgres@{quote(str(between), safe='')}/{embedded.DATABASE_NAME}",
            "REDIS_URL": redis.url.replace(f":{address.port}/", f":{port}/"),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONUNBUFFERED": "1",
        }
        self._direct = {**self.environment, "DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
        self._folder_of_sockets = postgres.socket_folder

    def _server(self, server: embedded.EmbeddedServer) -> Program:
        return Program(
            server.name,
            server.argv,
            dict(os.environ),
            self.folder / f"{server.name}.log",
            lambda _: server.is_ready(),
            server.stop_signal,
            server.popen_options,
            is_tried_again=True,
        )

    def _program(self, name: str, arguments: list[str], is_ready: Callable[[Program], bool]) -> Program:
        return Program(name, [sys.executable, *arguments], self.environment, self.folder / f"{name}.log", is_ready)

    async def _add_web(self, number: int) -> None:
        port = free_port()
        url = f"http://127.0.0.1:{port}/healthz"

        def answers(_: Program) -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(url, timeout=2).status_code == httpx.codes.OK
            return False

        self.webs.append(self._program(f"web-{number}", ["-m", "project.server", "--port", str(port)], answers))
        self.web_proxies.append(Proxy(("127.0.0.1", port), self.chance))
        self._web_ports.append(await self.web_proxies[-1].listen())

    def _manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._direct,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # What histories use

    @property
    def programs(self) -> list[Program]:
        return [self.postgres, self.redis, *self.webs, *self.generators, self.worker]

    @property
    def proxies(self) -> list[Proxy]:
        return [*self.web_proxies, self.postgres_proxy, self.redis_proxy]

    def socket_url(self, path: str, web: int | None = None) -> str:
        """Return the URL of `path` behind a web process's proxy, a random one's where none is named."""
        port = self._web_ports[web] if web is not None else self.chance.choice(self._web_ports)
        return f"ws://127.0.0.1:{port}{path}"

    async def heal(self) -> None:
        """Let everything run and every byte pass."""
        for proxy in self.proxies:
            proxy.heal()
        for program in self.programs:
            program.resume()
        for program in (self.postgres, self.redis):
            if not program.is_running:
                await program.start()
        await asyncio.gather(*(program.start() for program in self.programs if not program.is_running))

    def stop(self) -> None:
        for proxy in self.proxies:
            proxy.close()
        for program in reversed(self.programs):
            if program.is_running:
                program.resume()
                program.kill()
        with suppress(OSError):
            for left in self._folder_of_sockets.iterdir():
                left.unlink()
            self._folder_of_sockets.rmdir()


def _says_ready(program: Program) -> bool:
    return "generator.ready" in program.new_output()
