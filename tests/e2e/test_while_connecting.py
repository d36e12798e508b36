"""What is asked right after a page was opened, while the assistant's socket is still being connected."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.editor import ready, text_box, write
from tests.e2e.site import Site
from tests.e2e.test_chat import ask
from tests.e2e.test_pages import LOOKS, assert_accessible
from tests.e2e.test_suggestions import look_for, struck
from tests.e2e.test_writing_forward import choose
from tests.processes import wait_until

pytestmark = pytest.mark.browser

TEXT = "In order to cross the river, we used the very big bridge, due to the fact that it was there."

# The page's own patience is tested elsewhere: here a busy machine may take its time.
PATIENCE = """
    const schedule = window.setTimeout
    window.setTimeout = (run, wait, ...rest) => schedule(run, wait >= 8000 ? 20 * wait : wait, ...rest)
"""


class LateSocket:
    """The assistant's socket of a page, which opens and says nothing until it is let through."""

    def __init__(self, page: Page) -> None:
        self._held: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/assistant"), self._hold)

    def _hold(self, route: WebSocketRoute) -> None:
        self._held.append(route)

    def let_through(self) -> None:
        for route in self._held:
            route.connect_to_server()


def open_late(site: Site, look: str) -> tuple[Page, LateSocket]:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.context.new_page()
    page.add_init_script(PATIENCE)
    socket = LateSocket(page)
    page.goto(site.document(alice))
    ready(page)
    return page, socket


def test_tools_that_are_started_early_run_when_there_is_a_connection(site: Site, screenshots: Path) -> None:
    page, socket = open_late(site, "light")
    write(page, TEXT)
    choose(page, "outline", "Outline")
    expect(page.locator(".draft")).to_be_visible()
    waiting = page.locator("#waiting")
    expect(waiting).to_have_text("Connecting to the assistant…")
    look_for(page, "Concision")
    page.get_by_role("tab", name="Chat").click()
    panel = page.get_by_role("tabpanel", name="Chat")
    ask(panel, "What did we cross?")
    expect(panel.get_by_role("button", name="Stop")).to_be_enabled()
    text_box(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    page.keyboard.press("Control+Enter")
    continuation = page.locator("[data-ghost]")
    expect(continuation).to_be_visible()
    page.screenshot(path=screenshots / "connecting-light.png")
    assert_accessible(page)
    socket.let_through()
    expect(waiting).to_have_text("")
    expect(panel.locator(".turn-answer")).to_contain_text("river", timeout=30_000)
    expect(page.get_by_role("toolbar", name="Draft").get_by_role("button", name="Keep", exact=True)).to_be_visible(
        timeout=30_000
    )
    wait_until(lambda: len(struck(page)) > 0, seconds=30, what="a suggestion")
    expect(continuation).not_to_have_class(re.compile("ghost-wait"), timeout=30_000)
    expect(page.get_by_role("region", name="Notices")).not_to_contain_text("cannot be reached")


def test_titles_wait_too_and_it_is_said_where_there_is_little_room(site: Site, screenshots: Path) -> None:
    page, socket = open_late(site, "narrow")
    write(page, TEXT)
    choose(page, "titles", "Titles")
    dialog = page.get_by_role("dialog", name="Titles")
    expect(page.locator("#waiting")).to_have_text("Connecting…", use_inner_text=True)
    page.screenshot(path=screenshots / "connecting-narrow.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    socket.let_through()
    expect(dialog.get_by_role("button", name=re.compile("^Use")).first).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
