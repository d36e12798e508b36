"""People, documents and stock y-websocket clients for the tests of the sync socket."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.collaboration.models import DocumentLog
from apps.documents.models import Document, Membership, Role
from tests.cast import alice as alice
from tests.cast import bob as bob
from tests.collaboration.clients import SyncClient
from tests.conftest import use_redis_prefix
from tests.processes import ROOT, Processes, WebProcess

NODE = Path(__file__).parent / "node"
NODE_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    user: User
    cookie: str

    def sign_out(self) -> None:
        Session.objects.filter(session_key=self.cookie.partition("=")[2]).delete()


@dataclass(frozen=True)
class Cast:
    """Alice owns the document, Bob edits, Vera reads; Mallory has nothing to do with it."""

    document: Document
    alice: Person
    bob: Person
    vera: Person
    mallory: Person
    nobody: Person

    def path(self, *, ack: bool = False) -> str:
        return f"/ws/sync/{self.document.pk}" + ("?ack=1" if ack else "")

    def connect(self, web: WebProcess, person: Person, *, ack: bool = False) -> SyncClient:
        return SyncClient(web.socket_url + self.path(ack=ack), person.cookie, web.url)


def sign_in(email: str) -> Person:
    user = User.objects.create_user(email)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    (cookie,) = browser.cookies.values()
    return Person(user, f"{cookie.key}={cookie.value}")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    alice, bob, vera, mallory = (sign_in(f"{name}@example.com") for name in ("alice", "bob", "vera", "mallory"))
    nobody = replace(mallory, cookie="none=none")
    document = Document.objects.create()
    for person, role in ((alice, Role.OWNER), (bob, Role.EDITOR), (vera, Role.VIEWER)):
        Membership.objects.create(document=document, user=person.user, role=role)
    return Cast(document, alice, bob, vera, mallory, nobody)


SHARED_PREFIX = f"test:{os.urandom(6).hex()}:"


@pytest.fixture(scope="package")
def _shared_processes(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Two web processes for every test that needs no settings of its own: starting one takes seconds."""
    database = connection.settings_dict
    started = Processes(
        {
            "DATABASE_URL": f"postgres://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}",
            "REDIS_PREFIX": SHARED_PREFIX,
        },
        tmp_path_factory.mktemp("shared"),
    )
    yield started
    started.stop()


@pytest.fixture(scope="package")
def _first_web(_shared_processes: Processes) -> WebProcess:
    return _shared_processes.web()


@pytest.fixture(scope="package")
def _second_web(_shared_processes: Processes) -> WebProcess:
    return _shared_processes.web()


@pytest.fixture
def web(_first_web: WebProcess, settings: Settings) -> WebProcess:
    """A running web process with the usual settings. Whoever kills one starts their own."""
    use_redis_prefix(settings, SHARED_PREFIX)
    return _first_web


@pytest.fixture
def second_web(_second_web: WebProcess, web: WebProcess) -> WebProcess:
    """Another one, sharing its documents with `web`."""
    return _second_web


@pytest.fixture
def node() -> Callable[..., Any]:
    """Run a script of `tests/collaboration/node` with JSON for its arguments; returns the JSON it prints."""

    def run(script: str, **arguments: Any) -> Any:
        ended = subprocess.run(
            ["node", str(NODE / script), json.dumps(arguments)],
            cwd=ROOT / "frontend",
            env={**os.environ, "NODE_PATH": str(ROOT / "frontend" / "node_modules")},
            capture_output=True,
            text=True,
            timeout=NODE_TIMEOUT_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, f"{script} failed:\n{ended.stdout}\n{ended.stderr}"
        return json.loads(ended.stdout.strip().splitlines()[-1])

    return run


def log_of(document_id: UUID) -> DocumentLog:
    return DocumentLog.objects.get(pk=document_id)
