"""What the writing tools look like, and that they are free of accessibility faults: light, dark and narrow."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.editor import ready, text_box, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible
from tests.e2e.test_rewrites import finished
from tests.e2e.test_suggestions import look_for, struck
from tests.processes import wait_until

TEXT = "In order to cross the river, we used the very big bridge, due to the fact that it was there."


@pytest.mark.parametrize("look", LOOKS)
def test_the_tools(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.open(site.document(alice))

    def look_at(name: str) -> None:
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
        page.screenshot(path=screenshots / f"{name}-{look}.png")

    ready(page)
    write(page, TEXT)
    text_box(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+Shift+R")
    expect(page.get_by_label("Tell the assistant what to change")).to_be_focused()
    look_at("rewrite-form")
    page.get_by_role("button", name="Shorten").click()
    finished(page)
    look_at("rewrite")
    page.get_by_role("toolbar", name="Rewrite").get_by_role("button", name="Discard").click()
    page.keyboard.press("ArrowRight")
    look_for(page, "Concision", "Word choice")
    wait_until(lambda: len(struck(page)) >= 2, seconds=30, what="suggestions")
    expect(page.locator("#rail .suggestion-card").first).to_be_visible()
    look_at("suggestions")
    page.get_by_role("tab", name="Grammar").click()
    expect(page.get_by_text("Check in this browser")).to_be_visible()
    look_at("grammar")
