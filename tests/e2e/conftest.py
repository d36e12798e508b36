"""A real Chromium against one running site: a web process, a generator, and a database of their own.

`CHROMIUM` names the browser's executable; where it is unset the usual places are tried, then Playwright's own.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from psycopg import sql

from tests.processes import ROOT, Child, Processes, WebProcess

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PASSWORD = "a heron waits by the weir"
EXPECT_TIMEOUT_MS = 15_000
CAST_SIZE = 40  # of each name: no test meets somebody from another

CAST = f"""
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from apps.accounts.models import User

cast = {{}}
for name in ("Alice", "Bob", "Carol"):
    for number in range({CAST_SIZE}):
        user = User(email=f"{{name.lower()}}.{{number}}@example.org", name=name)
        user.set_unusable_password()
        user.save()
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        cast.setdefault(name, []).append([user.email, session.session_key])
print(json.dumps(cast))
"""

expect.set_options(timeout=EXPECT_TIMEOUT_MS)


def _chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def playwright_instance() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright_instance: Playwright) -> Iterator[Browser]:
    launched = playwright_instance.chromium.launch(executable_path=_chromium(), args=[*CHROMIUM_FLAGS])
    yield launched
    launched.close()


@dataclass
class Person:
    """Somebody signed in, with a browser profile of their own."""

    name: str
    email: str
    context: BrowserContext

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.goto(path)
        return page

    def post(self, path: str, body: dict[str, str]) -> Any:
        """Send `body` to the REST interface; return the answer's."""
        token = next((cookie["value"] for cookie in self.context.cookies() if "csrf" in cookie["name"]), "")
        if not token:
            self.context.request.get("/documents/")
            token = next(cookie["value"] for cookie in self.context.cookies() if "csrf" in cookie["name"])
        answer: APIResponse = self.context.request.post("/api/v1" + path, data=body, headers={"X-CSRFToken": token})
        assert answer.ok, answer.text()
        return answer.json()


@dataclass
class Site:
    """A running installation."""

    web: WebProcess
    generator: Child
    browser: Browser
    _cast: dict[str, list[list[str]]] = field(default_factory=dict)

    def person(self, name: str, **context_options: Any) -> Person:
        """Return a new Alice, Bob or Carol, signed in."""
        email, session = self._cast[name].pop()
        context = self.browser.new_context(base_url=self.web.url, **context_options)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.web.url}])
        return Person(name, email, context)

    def document(self, owner: Person, **members: Person) -> str:
        """Return the path of a new document; keyword names are roles."""
        document = owner.post("/documents/", {"title": ""})["id"]
        for role, member in members.items():
            owner.post(f"/documents/{document}/members/", {"email": member.email, "role": role})
        return f"/documents/{document}/"


def _own_database(name: str) -> str:
    """Create the empty database `name` beside the tests' and return its URL."""
    test = settings.DATABASES["default"]
    server = f"postgres://postgres@{quote(test['HOST'], safe='')}"
    with psycopg.connect(server + "/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{server}/{name}"


def _manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def site_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    name = f"e2e_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environment = {"DATABASE_URL": _own_database(name), "REDIS_PREFIX": f"{name}:"}
    processes = Processes(environment, tmp_path_factory.mktemp("site"))
    _manage(processes.environment, "migrate", "-v0")
    yield processes
    processes.stop()


@pytest.fixture(scope="session")
def running_site(site_processes: Processes, browser: Browser) -> Site:
    """The site of all tests, on the demo model."""
    cast = json.loads(_manage(site_processes.environment, "shell", "-v0", "-c", CAST))
    return Site(site_processes.web(), site_processes.command("generator"), browser, _cast=cast)


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    yield running_site
    for context in running_site.browser.contexts:
        context.close()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where screenshots go: `SCREENSHOTS`, to be looked at, or nowhere that stays."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
