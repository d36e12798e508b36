"""A real Chromium against real web and generator processes.

`CHROMIUM` names the browser's executable; where it is unset the usual places are tried, then Playwright's own.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from apps.accounts.models import User
from apps.documents.models import Document, Membership, Role
from tests.processes import Processes, WebProcess

# Playwright's synchronous interface runs an event loop in this thread, which makes Django refuse its own database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PASSWORD = "a heron waits by the weir"
EXPECT_TIMEOUT_MS = 15_000

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
    """Somebody with an account, and a browser profile of their own."""

    user: User
    context: BrowserContext

    def open(self, url: str) -> Page:
        page = self.context.new_page()
        page.goto(url)
        return page


@dataclass
class Site:
    """A running installation: one web process and one generator."""

    web: WebProcess
    browser: Browser
    processes: Processes

    def person(self, name: str, **context_options: object) -> Person:
        """Return a new person, signed in through the log-in page."""
        user = User.objects.create_user(f"{name.lower()}@example.org", PASSWORD, name=name)
        context = self.browser.new_context(base_url=self.web.url, **context_options)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/documents/")
        page.close()
        return Person(user, context)

    def document(self, owner: Person, **members: Person) -> Document:
        """Return a new document; keyword names are roles."""
        document = Document.objects.create()
        Membership.objects.create(document=document, user=owner.user, role=Role.OWNER)
        for role, member in members.items():
            Membership.objects.create(document=document, user=member.user, role=Role(role))
        return document

    def path(self, document: Document) -> str:
        return f"{self.web.url}/documents/{document.pk}/"


@pytest.fixture
def make_site(processes: Processes, browser: Browser) -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def make(**environment: str) -> Site:
        web = processes.web(**environment)
        processes.command("generator", **environment)
        sites.append(Site(web, browser, processes))
        return sites[-1]

    yield make
    for context in browser.contexts:
        context.close()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
