"""The clients' examples, as their readers run them: one in a terminal, one in a browser."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope, User
from tests.assistant.conftest import House
from tests.e2e.site import launch
from tests.e2e.test_pages import assert_accessible, watch_console
from tests.processes import ROOT, free_port, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CO_WRITER = ROOT / "clients" / "python" / "examples" / "co_writer.py"
TYPESCRIPT = ROOT / "clients" / "typescript"
PACKAGES = ROOT / "frontend" / "node_modules"
SECONDS = 60
END_OF_INPUT = "\x04"


def key_of(user: User) -> str:
    return create_key(user, name="Example", scopes=Scope.values)[1]


def text_of(house: House, key: str) -> str:
    path = f"{house.web.url}/api/v1/documents/{house.document.pk}/content?format=text"
    return httpx.get(path, headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS).text


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **environment}
        )
        os.close(theirs)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def read_until(self, text: str) -> None:
        """Read until `text` is shown after what was read before."""
        seen, deadline = "", time.monotonic() + SECONDS
        while text not in seen:
            assert time.monotonic() < deadline, f"{text!r} was not shown, but {seen!r}"
            if select.select([self._ours], [], [], 0.1)[0]:
                seen += os.read(self._ours, 4096).decode()

    def ended(self) -> int:
        """Return the status it ends with."""
        return self.process.wait(SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def co_writer(house: House, key: str) -> Terminal:
    return Terminal(
        *(sys.executable, str(CO_WRITER), house.web.url, str(house.document.pk)),
        INTERLINE_KEY=key,
        PYTHONPATH=str(ROOT / "clients" / "python"),
    )


def test_a_co_writer_in_the_terminal(house: House) -> None:
    house.provider.behave(text="It waits for the tide.")
    key = key_of(house.alice)
    with co_writer(house, key) as terminal:
        terminal.read_until("--- Untitled ---")
        terminal.type("The heron stands by the weir.\n")
        terminal.read_until("The heron stands by the weir.\r\n---")
        terminal.type("\n")
        terminal.read_until("It waits for the tide.\r\n---")
        wait_until(lambda: "It waits for the tide." in text_of(house, key), seconds=SECONDS)
        terminal.type(END_OF_INPUT)
        assert terminal.ended() == 0
    assert "The heron stands by the weir." in text_of(house, key)


def test_a_co_writer_says_why_it_may_not(house: House) -> None:
    with co_writer(house, "il_no_key") as terminal:
        terminal.read_until("(sign_in)")
        assert terminal.ended() == 1


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built as its README says."""
    folder = tmp_path_factory.mktemp("page") / "typescript"
    shutil.copytree(TYPESCRIPT, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (folder / "node_modules").symlink_to(PACKAGES)
    subprocess.run([*VITE, "build", "example"], cwd=folder, check=True, capture_output=True)
    return folder


VITE = ("node", str(PACKAGES / "vite" / "bin" / "vite.js"))


@contextmanager
def previewed(folder: Path, server: str) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [*VITE, "preview", "example", "--host", "127.0.0.1", "--port", str(port), "--strictPort"],
        cwd=folder,
        env={**os.environ, "INTERLINE_URL": server},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), seconds=SECONDS, what="the page")
        yield url
    finally:
        process.terminate()
        process.wait(SECONDS)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=60).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def browsing() -> Iterator[Browser]:
    """Lend a browser; its loop runs in this thread, so that Django asks the database nothing meanwhile."""
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


def test_a_minimal_page(house: House, page_folder: Path, tmp_path: Path) -> None:
    house.provider.behave(text="It waits for the tide.")
    screenshots = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    key = key_of(house.alice)
    with previewed(page_folder, house.web.url) as url, browsing() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        errors = watch_console(page)
        page.goto(url)
        assert_accessible(page)
        page.screenshot(path=screenshots / "example-page-form.png")
        page.get_by_label("API key").fill(key)
        page.get_by_label("Document").fill(str(house.document.pk))
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("heading")).to_have_text("Untitled", timeout=SECONDS * 1000)
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#text p")).to_have_text("It waits for the tide.", timeout=SECONDS * 1000)
        expect(page.get_by_role("button", name="Continue")).to_be_enabled()
        assert_accessible(page)
        page.screenshot(path=screenshots / "example-page.png")
        wait_until(lambda: "It waits for the tide." in text_of(house, key), seconds=SECONDS)
        assert not errors
