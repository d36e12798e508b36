"""The story's sheet in the rail: two people keep it, and a scene that the assistant writes shows what it used."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.editor import ready, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console
from tests.e2e.test_writing_forward import choose
from tests.processes import wait_until

pytestmark = pytest.mark.browser
TEXT = "It was late when Anna came to the mill. Piet had waited in Haarlem. Anna said nothing of the letter."


def open_story(page: Page) -> Locator:
    page.locator("#rail-toggle").click()
    page.get_by_role("tab", name="Story", exact=True).click()
    return page.locator("#rail-panel-story")


def add(panel: Locator, kind: str, name: str, note: str = "") -> None:
    panel.get_by_role("button", name="Add an entry").click()
    panel.get_by_label("Kind").select_option(kind)
    panel.get_by_label("Name").fill(name)
    panel.get_by_label("Note").fill(note)
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("button", name=f"Edit {name}")).to_be_focused()


@pytest.mark.parametrize("look", LOOKS)
def test_the_sheet_is_kept_by_people_and_shown_where_it_was_used(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob")
    path = site.document(alice, viewer=bob)
    page = alice.open(path)
    errors = watch_console(page)
    ready(page)
    write(page, TEXT)
    panel = open_story(page)
    expect(panel).to_contain_text("No characters, places or threads are kept yet")
    assert_accessible(page)
    page.screenshot(path=screenshots / f"story-empty-{look}.png")
    add(panel, "Character", "Anna", "Afraid of water, and tells nobody. " * 4)
    add(panel, "Place", "Haarlem")
    add(panel, "Thread", "The letter", "Nobody speaks of it.")
    panel.get_by_role("button", name="Remove Haarlem").click()
    expect(panel.get_by_role("button", name="Edit Haarlem")).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("button", name="Edit Haarlem")).to_be_focused()
    panel.get_by_role("button", name="Edit The letter").click()
    assert_accessible(page)
    page.screenshot(path=screenshots / f"story-form-{look}.png")
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    page.screenshot(path=screenshots / f"story-{look}.png")

    his = bob.open(path)
    wait_until(lambda: "Haarlem" in text_of(his), what="the text at his")
    theirs = open_story(his)
    expect(theirs.locator(".story-entry")).to_have_count(3)
    expect(theirs.get_by_role("button")).to_have_count(0)

    page.keyboard.press("Escape")
    write(page, "")
    choose(page, "scene", "Scene")
    used = page.locator(".draft-sources")
    # The first one waits for the generator, which has only just been started.
    expect(used).to_contain_text("Anna", timeout=60_000)
    expect(his.locator(".draft-sources")).to_contain_text("Anna")
    used.evaluate("(sources) => sources.scrollIntoView()")  # at once: with more text it is drawn anew
    assert_accessible(page)
    page.screenshot(path=screenshots / f"story-draft-{look}.png")
    assert not errors
