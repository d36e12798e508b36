"""Drafts, titles and steering: what the assistant writes anew, with somebody else in the document."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import ghost, ready, saved, text_box, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import assert_accessible, watch_console
from tests.e2e.test_suggestions import open_together
from tests.processes import wait_until

TEXT = "The heron waits by the weir. The old bridge was taken by the winter."

MOST_GHOSTS = """() => {
    window.mostGhosts = 0
    const count = () => { mostGhosts = Math.max(mostGhosts, document.querySelectorAll('.ghost').length) }
    new MutationObserver(count).observe(document.body, { childList: true, subtree: true })
}"""


def blocks(page: Page) -> list[str]:
    """Return the document's own blocks, without what is only proposed."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.ProseMirror > :not(.draft)')].map((block) => {
            const copy = block.cloneNode(true)
            for (const foreign of copy.querySelectorAll('.ghost, .remote-caret')) foreign.remove()
            return copy.textContent.replaceAll('\\u2060', '')
        })"""
    )
    return found


def choose(page: Page, query: str, name: str) -> None:
    """Choose from the slash menu, in a new paragraph."""
    page.keyboard.press("Enter")
    page.keyboard.type(f"/{query}")
    expect(page.get_by_role("option", name=name)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("query", "name"), [("outline", "Outline"), ("brainstorm", "Ideas")])
def test_a_list_is_drafted_for_both_and_kept_while_the_other_types(site: Site, query: str, name: str) -> None:
    hers, his, _ = open_together(site)
    errors = watch_console(hers)
    write(hers, TEXT)
    choose(hers, query, name)
    expect(hers.locator(".draft")).to_be_visible()
    expect(his.locator(".draft")).to_be_visible()
    toolbar = hers.get_by_role("toolbar", name="Draft")
    expect(toolbar.get_by_role("button", name="Keep", exact=True)).to_be_visible(timeout=30_000)
    assert_accessible(hers)
    write(his, "")
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    his.keyboard.type("Now: ")
    wait_until(lambda: blocks(hers)[0] == "Now: " + TEXT, what="his words at hers")
    toolbar.get_by_role("button", name="Keep", exact=True).click()
    expect(hers.locator(".draft")).to_have_count(0)
    expect(hers.locator(".ProseMirror ul, .ProseMirror ol").first).to_be_visible()
    wait_until(lambda: blocks(hers) == blocks(his) and len(blocks(hers)) > 1, what="the same list in both browsers")
    expect(his.locator(".draft")).to_have_count(0)
    hers.keyboard.press("Control+z")
    expect(hers.locator(".ProseMirror ul, .ProseMirror ol")).to_have_count(0)
    wait_until(lambda: blocks(hers)[0] == blocks(his)[0] == "Now: " + TEXT, what="his words after her undo")
    assert not errors


@pytest.mark.parametrize(("query", "name"), [("scene", "Scene"), ("turns", "Turns of the plot")])
def test_a_story_goes_on_for_both_while_the_other_types(site: Site, query: str, name: str) -> None:
    hers, his, _ = open_together(site)
    errors = watch_console(hers)
    write(hers, "Anna came to the mill. Piet had waited in Haarlem, and said nothing.")
    choose(hers, query, name)
    expect(his.locator(".draft")).to_be_visible(timeout=60_000)
    text_box(his).focus()
    his.keyboard.press("Control+End")  # where the draft is to go
    his.keyboard.type("His own end.")
    keep = hers.get_by_role("toolbar", name="Draft").get_by_role("button", name="Keep", exact=True)
    expect(keep).to_be_visible(timeout=60_000)
    wait_until(lambda: "His own end." in blocks(hers), what="his words at hers")
    before = blocks(his)
    keep.click()
    expect(hers.locator(".draft")).to_have_count(0)
    wait_until(lambda: blocks(hers) == blocks(his) and len(blocks(his)) > len(before), what="the same text in both")
    assert [block for block in blocks(his) if block in before] == before
    hers.keyboard.press("Control+z")
    wait_until(lambda: blocks(hers) == blocks(his) == before, what="what was there before, with his words")
    assert not errors


def test_a_title_is_taken_and_undone_and_never_over_the_others(site: Site) -> None:
    page, his, _ = open_together(site)
    his.get_by_label("Title", exact=True).fill("The weir")
    expect(page.get_by_label("Title", exact=True)).to_have_value("The weir")
    write(page, TEXT)
    choose(page, "titles", "Titles")
    dialog = page.get_by_role("dialog", name="Titles")
    use = dialog.get_by_role("button", name=re.compile("^Use")).first
    expect(dialog.get_by_role("button", name="Try again")).to_be_visible(timeout=30_000)
    assert_accessible(page)
    use.click()
    title, title_at_his = (one.get_by_label("Title", exact=True) for one in (page, his))
    expect(title).not_to_have_value("The weir")
    expect(title_at_his).to_have_value(title.input_value())
    taken = title.input_value()
    expect(text_box(page)).to_be_focused()
    write(page, " So it is.")
    write(his, "")
    his.keyboard.press("Control+Home")
    his.keyboard.type("Now: ")
    wait_until(lambda: text_of(page).startswith("Now: The heron") and text_of(page) == text_of(his), what="one text")
    page.keyboard.press("Control+z")
    expect(text_box(page)).not_to_contain_text("So it is.")
    expect(title).to_have_value(taken)
    page.keyboard.press("Control+z")
    expect(title).to_have_value("The weir")
    expect(title_at_his).to_have_value("The weir")
    page.keyboard.press("Control+Shift+z")
    expect(title_at_his).to_have_value(taken)
    title_at_his.fill("His own")
    expect(title).to_have_value("His own")
    text_box(page).focus()
    page.keyboard.press("Control+z")
    expect(title).to_have_value("His own")
    saved(page)
    wait_until(lambda: text_of(page) == text_of(his) and text_of(page).startswith("Now: "), what="one text")
    expect(title_at_his).to_have_value("His own")


def test_a_continuation_is_steered_and_the_other_sees_one_of_them(site: Site) -> None:
    page, his, _ = open_together(site)
    his.evaluate(MOST_GHOSTS)
    write(page, "The river is high.")
    page.keyboard.press("Control+Enter")
    expect(ghost(page)).to_be_visible()
    wait_until(lambda: len((ghost(page).first.text_content() or "").split()) > 3, what="some words of it")
    page.get_by_role("toolbar", name="Suggestion").get_by_role("button", name="Shorter").click()
    expect(page.locator("[data-origin=ai]").first).to_be_attached()
    expect(ghost(page)).to_be_visible()
    expect(ghost(his)).to_have_count(1)  # the first one's place is taken
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    his.keyboard.type("Now: ")
    wait_until(lambda: blocks(page) == blocks(his) and blocks(page)[0].startswith("Now: The river"), what="one text")
    expect(his.locator("[data-origin=ai]").first).to_be_attached()
    expect(page.locator("#announcements")).to_contain_text("Tab to accept", timeout=30_000)
    expect(ghost(his)).to_have_count(1)
    assert his.evaluate("mostGhosts") == 1


def test_turns_of_the_plot_are_drafted_and_kept(site: Site) -> None:
    alice = site.person("Alice")
    page = alice.open(site.document(alice))
    ready(page)
    write(page, "Anna came to the mill. Piet had waited in Haarlem, and said nothing.")
    choose(page, "turns", "Turns of the plot")
    keep = page.get_by_role("toolbar", name="Draft").get_by_role("button", name="Keep", exact=True)
    expect(keep).to_be_visible(timeout=60_000)
    expect(page.locator(".draft li")).to_have_count(4)
    keep.click()
    expect(page.locator(".draft")).to_have_count(0)
    expect(page.locator(".ProseMirror li")).to_have_count(4)
    expect(page.locator(".ProseMirror ul")).to_contain_text("Haarlem")
