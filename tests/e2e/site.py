"""A running installation as people see it: a web process, a generator, and browsers of signed-in people.

`CHROMIUM` names the browser's executable; where it is unset the usual places are tried, then Playwright's own.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, Playwright
from psycopg import sql

from tests.processes import ROOT, Child, Processes, WebProcess, wait_until

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PASSWORD = "a heron waits by the weir"
CAST_SIZE = 200  # of each name: no test meets somebody from another

# A proposal after each pause in typing, which a busy machine makes: who wants them switches them on.
WITHOUT_COMPLETIONS = """
if (location.origin !== 'null' && localStorage.getItem('interline.completion') === null)
    localStorage.setItem('interline.completion', 'off')
"""

END_GENERATIONS = """
UPDATE assistant_generation SET cancel_requested_at = now()
WHERE state IN ('queued', 'running') AND model LIKE 'openai/%'
"""

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


def _chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=_chromium(), args=[*CHROMIUM_FLAGS])


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
        return self.send("POST", path, body)

    def send(self, method: str, path: str, body: dict[str, str]) -> Any:
        """Send `body` to the REST interface; return the answer's."""
        answer: APIResponse = self.context.request.fetch(
            "/api/v1" + path, method=method, data=body, headers={"X-CSRFToken": self._csrf_token()}
        )
        assert answer.ok, answer.text()
        return answer.json()

    def _csrf_token(self) -> str:
        """Return what every page sets as a cookie; only a page that failed sets none."""
        if not (token := self._csrf_cookie()):
            page = self.context.request.get("/documents/")
            assert page.ok, f"{page.url} gave {page.status}: {page.text()}"
            token = self._csrf_cookie()
            assert token, f"{page.url} set no CSRF cookie, but {page.headers}: {page.text()}"
        return token

    def _csrf_cookie(self) -> str:
        cookies = self.context.cookies()
        return next((one["value"] for one in cookies if one["name"] == settings.CSRF_COOKIE_NAME), "")


@dataclass
class Site:
    """A running installation."""

    web: WebProcess
    generator: Child
    browser: Browser
    cast: dict[str, list[list[str]]]  # e-mail address and session of each who has not appeared yet

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """Shut every process out of its database for the length of the block."""
        server, _, name = self.web.environment["DATABASE_URL"].rpartition("/")
        with psycopg.connect(server + "/postgres", autocommit=True) as outside:
            change = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
            outside.execute(change.format(sql.Identifier(name), sql.Literal(False)))
            outside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            try:
                yield
            finally:
                outside.execute(change.format(sql.Identifier(name), sql.Literal(True)))

    def end_generations(self) -> None:
        """End what still runs on the test provider: nothing of it is to reach that in the next test."""
        with psycopg.connect(self.web.environment["DATABASE_URL"], autocommit=True) as database:
            wait_until(lambda: database.execute(END_GENERATIONS).rowcount == 0, what="the end of all generations")

    def person(self, name: str, **context_options: Any) -> Person:
        """Return a new Alice, Bob or Carol, signed in."""
        email, session = self.cast[name].pop()
        context = self.browser.new_context(base_url=self.web.url, **context_options)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.web.url}])
        context.add_init_script(WITHOUT_COMPLETIONS)
        _tell_troubles(context, name)
        return Person(name, email, context)

    def admin(self, name: str, **context_options: Any) -> Person:
        """Return a new person who may do everything in the administration."""
        person = self.person(name, **context_options)
        with psycopg.connect(self.web.environment["DATABASE_URL"], autocommit=True) as database:
            changed = "UPDATE accounts_user SET is_staff = true, is_superuser = true WHERE email = %s"
            database.execute(changed, [person.email])
        return person

    def document(self, owner: Person, **members: Person) -> str:
        """Return the path of a new document; keyword names are roles."""
        document = owner.post("/documents/", {"title": ""})["id"]
        for role, member in members.items():
            owner.post(f"/documents/{document}/members/", {"email": member.email, "role": role})
        return f"/documents/{document}/"


def _tell_troubles(context: BrowserContext, name: str) -> None:
    """Print what goes wrong in the pages of `context`: pytest shows it with a test that failed."""
    context.on("weberror", lambda error: print(f"{name}'s page: {error.error}"))
    context.on("requestfailed", lambda request: print(f"{name}'s {request.method} {request.url}: {request.failure}"))
    context.on("console", lambda said: print(f"{name}'s console: {said.text}"))


def own_database(name: str) -> str:
    """Create the empty database `name` beside the tests' and return its URL."""
    test = settings.DATABASES["default"]
    server = f"postgres://postgres@{quote(test['HOST'], safe='')}"
    with psycopg.connect(server + "/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{server}/{name}"


def manage(environment: dict[str, str], *arguments: str) -> str:
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


def make_site(processes: Processes, browser: Browser) -> Site:
    """Migrate the processes' database, invite the cast and start a web process and a generator."""
    manage(processes.environment, "migrate", "-v0")
    cast = json.loads(manage(processes.environment, "shell", "-v0", "-c", CAST))
    generator = processes.command("generator")
    web = processes.web()
    wait_until(lambda: "generator.ready" in generator.output(), seconds=60, what="the generator")
    return Site(web, generator, browser, cast)
