"""What the writing tools look like, and that they are free of accessibility faults: light, dark and narrow."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.editor import ghost, ready, text_box, write
from tests.e2e.site import Site
from tests.e2e.test_grammar_in_the_browser import START_TIMEOUT_MS, underlined
from tests.e2e.test_pages import LOOKS, assert_accessible
from tests.e2e.test_rewrites import finished
from tests.e2e.test_suggestions import look_for, struck
from tests.e2e.test_writing_forward import choose
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
    paragraph = page.locator(".ProseMirror p")
    paragraph.hover()
    expect(page.locator(".drag-handle")).to_be_visible()
    handle, words = page.locator(".drag-handle").bounding_box(), paragraph.bounding_box()
    assert handle
    assert words
    assert 0 <= handle["x"] <= words["x"] - handle["width"], "the handle lies over the text"
    text_box(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+Shift+R")
    expect(page.get_by_label("Tell the assistant what to change")).to_be_focused()
    expect(page.locator(".kept-selection")).to_have_text(TEXT)
    look_at("rewrite-form")
    page.get_by_role("button", name="Shorten").click()
    finished(page)
    toolbar = page.get_by_role("toolbar", name="Rewrite")
    toolbar.get_by_role("button", name="Try again").click()
    expect(page.locator(".rewrite-count", has_text="2/2")).to_be_visible()
    finished(page)
    look_at("rewrite")
    toolbar.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look_at("rewrite-tries")
    page.keyboard.press("Escape")
    toolbar.get_by_role("button", name="Discard").click()
    page.keyboard.press("ArrowRight")
    look_for(page, "Concision", "Word choice")
    wait_until(lambda: len(struck(page)) >= 2, seconds=30, what="suggestions")
    expect(page.locator("#rail .suggestion-card").first).to_be_visible()
    look_at("suggestions")
    page.get_by_role("tab", name="Grammar").click()
    expect(page.get_by_text("Check in this browser")).to_be_visible()
    page.locator("#rail summary", has_text="House style").click()
    look_at("grammar")


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_written_forward(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.open(site.document(alice))

    def look_at(name: str) -> None:
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
        page.screenshot(path=screenshots / f"{name}-{look}.png")

    ready(page)
    write(page, "The heron could of waited by teh weir, and the river is high.")
    page.keyboard.press("Control+Enter")
    expect(ghost(page)).to_be_visible()
    toolbar = page.get_by_role("toolbar", name="Suggestion")
    expect(toolbar).to_be_visible()
    for control in toolbar.locator("button, input").all():
        expect(control).to_be_in_viewport(ratio=1)
    look_at("steering")
    page.keyboard.press("Escape")
    expect(ghost(page)).to_have_count(0)
    draft = page.get_by_role("toolbar", name="Draft")
    for query, name in (("outline", "Outline"), ("brainstorm", "Ideas")):
        choose(page, query, name)
        expect(draft.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=60_000)
        look_at(query)
        draft.get_by_role("button", name="Discard").click()
        text_box(page).focus()
    choose(page, "titles", "Titles")
    titles = page.get_by_role("dialog", name="Titles")
    expect(titles.get_by_role("button", name=re.compile("^Use")).first).to_be_visible(timeout=60_000)
    expect(titles.get_by_role("button", name="Try again")).to_be_visible(timeout=60_000)
    look_at("titles")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    text_box(page).focus()
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog", name="Keys and shortcuts")).to_be_visible()
    look_at("help")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#rail-toggle").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys and shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    underlined(page, "teh").click(timeout=START_TIMEOUT_MS)
    expect(page.get_by_role("dialog", name=re.compile("teh"))).to_be_visible()
    look_at("grammar-popover")
