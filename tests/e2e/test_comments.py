"""Comments as people see them: a commenter and an owner talk about a passage, and a reviewer has the last word."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.editor import ready, saved, text_box, text_of, write
from tests.e2e.site import Person, Site, manage
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console

pytestmark = pytest.mark.browser
WAIT_MS = 30_000
SEEN = tuple(LOOKS) if os.environ.get("SCREENSHOTS") else ("narrow",)  # every look where somebody looks

SELECT = """async words => {
    const walker = document.createTreeWalker(document.querySelector('.ProseMirror'), NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
        const at = walker.currentNode.data.indexOf(words)
        if (at < 0) continue
        if (!document.activeElement.isContentEditable) document.activeElement.blur()
        // The editor hears of it by an event, which keys overtake on a busy machine.
        const told = new Promise((resolve) => document.addEventListener('selectionchange', resolve, { once: true }))
        document.getSelection().setBaseAndExtent(walker.currentNode, at, walker.currentNode, at + words.length)
        await told
        return
    }
    throw new Error(`There is no ${words}`)
}"""


def select(page: Page, words: str) -> None:
    """Select words as a mouse does, where there may be no caret."""
    page.evaluate(SELECT, words)


def panel_of(page: Page) -> Locator:
    return page.locator("#rail-panel-comments")


def cards(page: Page) -> Locator:
    return panel_of(page).locator(".thread-card")


def open_panel(page: Page) -> Locator:
    page.locator("#rail-toggle").click()
    page.get_by_role("tab", name="Comments").click()
    return panel_of(page)


def comment_on(page: Page, words: str, said: str) -> None:
    select(page, words)
    page.get_by_role("toolbar", name="Selection").get_by_role("button", name="Comment").click()
    panel_of(page).get_by_role("textbox", name="Your comment").fill(said)
    panel_of(page).get_by_role("button", name="Comment", exact=True).click()
    expect(cards(page).filter(has_text=said)).to_be_visible()


def passage(page: Page) -> Locator:
    return page.locator(".ProseMirror [data-comment]")


def decide(site: Site, kind: str, reviewer: Person) -> None:
    code = f"""
from apps.accounts.models import User
from apps.moderation.models import Case
from apps.moderation.review import Kind, Wish, decide
case = Case.objects.filter(target_kind="comment").latest("opened_at")
decide(case.pk, Wish(Kind.{kind}, case.version), by=User.objects.get(email="{reviewer.email}"))
"""
    manage(site.web.environment, "shell", "-v0", "-c", code)


def test_a_commenter_and_an_owner_talk_about_a_passage(site: Site, screenshots: Path) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, commenter=bob)
    hers = alice.open(path)
    errors = watch_console(hers)
    ready(hers)
    write(hers, "The heron waits by the weir. It does not move.")
    saved(hers)
    his = bob.open(path)
    expect(text_box(his)).to_contain_text("It does not move.")
    expect(text_box(his)).to_have_attribute("contenteditable", "false")
    comment_on(his, "heron", "Grey or white?")
    expect(passage(hers)).to_have_text("heron")
    expect(hers.locator("#announcements")).to_have_text("Bob commented on “heron”.")
    expect(hers.locator("#rail-toggle")).to_have_class("button button-quiet button-icon has-waiting")

    passage(hers).click()
    card = cards(hers)
    expect(card).to_contain_text("Grey or white?")
    card.get_by_label("Answer…").fill("White, @Bo")
    hers.get_by_role("option", name="Bob").wait_for()
    hers.keyboard.press("Enter")
    expect(card.get_by_label("Answer…")).to_have_value("White, @Bob ")
    hers.keyboard.press("Control+Enter")
    expect(cards(his)).to_contain_text("White, @Bob")
    expect(cards(his).locator(".mention-me")).to_have_text("@Bob")
    expect(card.get_by_label("Answer…")).to_have_value("")  # her browser has heard that it was taken

    # The passage follows the text, and says what it was about when that is gone.
    select(hers, "waits by")
    hers.keyboard.type("stands at")
    expect(passage(his)).to_have_text("heron")
    select(hers, "heron")
    hers.keyboard.press("Backspace")
    expect(cards(his)).to_contain_text("The text this was about is gone:")
    hers.keyboard.press("Control+z")
    expect(passage(his)).to_have_text("heron")

    mine = cards(his).locator(".comment").first
    mine.hover()
    mine.get_by_label("Edit your comment").click()
    mine.get_by_role("textbox", name="Your comment").fill("Grey, or white?")
    mine.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("Grey, or white?")
    expect(card).to_contain_text("edited")

    card.get_by_label("Resolve").click()
    expect(cards(his)).to_have_count(0)
    expect(passage(his)).to_have_count(0)
    panel_of(his).get_by_role("button", name="Resolved 1").click()
    expect(cards(his)).to_contain_text("Resolved by Alice")
    cards(his).get_by_label("Open again").click()
    expect(cards(hers)).to_be_visible()

    first = cards(hers).locator(".comment").first
    first.hover()
    first.get_by_label("Delete the comment of Bob").click()
    first.get_by_role("button", name="Delete", exact=True).click()
    expect(cards(his)).to_contain_text("This comment was removed.")
    hers.get_by_role("button", name="Undo").click()
    expect(cards(his)).to_contain_text("Grey, or white?")
    # Undone together: comments are no part of the text.
    assert text_of(hers) == "The heron waits by the weir. It does not move."
    assert not errors


def test_unsent_words_are_kept_and_a_link_leads_to_the_comment(site: Site) -> None:
    alice = site.person("Alice")
    path = site.document(alice)
    page = alice.open(path)
    ready(page)
    write(page, "The heron waits.")
    saved(page)
    # By the key, on the paragraph at the caret.
    page.keyboard.press("Alt+Shift+M")
    field = panel_of(page).get_by_role("textbox", name="Your comment")
    expect(field).to_be_focused()
    page.keyboard.type("Not yet sent")
    page.reload()
    expect(panel_of(page).get_by_role("textbox", name="Your comment")).to_have_value("Not yet sent")
    expect(panel_of(page).locator(".comment-new .thread-quote")).to_have_text("The heron waits.")
    panel_of(page).get_by_role("textbox", name="Your comment").press("Control+Enter")
    expect(cards(page)).to_contain_text("Not yet sent")
    thread = cards(page).get_attribute("data-thread")
    page.get_by_role("button", name="Close the panels").click()
    page.goto("about:blank")
    page.goto(f"{path}#comment-{thread}")
    expect(cards(page)).to_be_visible()
    expect(page.locator(".comment-active")).to_have_text("The heron waits.")
    # And by the key from the passage into its card.
    text_box(page).click(position={"x": 40, "y": 12})
    page.keyboard.press("Alt+Shift+M")
    expect(cards(page)).to_be_focused()


def test_who_may_only_comment_chooses_a_passage_with_the_keys(site: Site) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, commenter=bob)
    hers = alice.open(path)
    ready(hers)
    write(hers, "The heron waits by the weir. It does not move.")
    hers.keyboard.press("Enter")
    hers.keyboard.type("Nobody has seen it leave.")
    saved(hers)
    his = bob.open(path)
    expect(text_box(his)).to_contain_text("Nobody has seen it leave.")
    spoken = his.locator("#announcements")
    his.keyboard.press("Alt+Shift+M")
    expect(spoken).to_have_text("The heron waits by the weir. It does not move.")
    expect(his.locator(".toast")).to_contain_text("Enter comments on it")
    for key, words in (
        ("ArrowDown", "Nobody has seen it leave."),
        ("Home", "The heron waits by the weir. It does not move."),
        ("ArrowRight", "The heron waits by the weir."),
        ("ArrowRight", "It does not move."),
    ):
        his.keyboard.press(key)
        expect(spoken).to_have_text(words)
    his.keyboard.press("Enter")
    expect(panel_of(his).get_by_role("textbox", name="Your comment")).to_be_focused()
    his.keyboard.type("Does it sleep?")
    his.keyboard.press("Control+Enter")
    expect(passage(hers)).to_have_text("It does not move.")
    his.keyboard.press("Alt+Shift+M")
    his.keyboard.press("Escape")
    expect(spoken).to_have_text("Nothing was chosen.")
    assert his.evaluate("document.getSelection().isCollapsed")
    his.evaluate("document.activeElement.blur()")
    expect(his.locator(".kept-selection")).to_have_count(0)
    assert text_of(hers) == "The heron waits by the weir. It does not move.\nNobody has seen it leave."


def test_a_reported_comment_is_removed_and_restored_on_every_page(site: Site) -> None:
    alice, bob, rita = site.person("Alice"), site.person("Bob"), site.admin("Carol")
    path = site.document(alice, commenter=bob)
    hers = alice.open(path)
    ready(hers)
    write(hers, "The heron waits.")
    saved(hers)
    his = bob.open(path)
    expect(text_box(his)).to_contain_text("The heron waits.")
    comment_on(his, "heron", "Something hateful.")
    passage(hers).click()
    cards(hers).locator(".comment").hover()
    cards(hers).get_by_label("Report the comment of Bob").click()
    dialog = hers.get_by_role("dialog", name="Report this comment")
    dialog.get_by_label("Hateful or harassing").check()
    dialog.get_by_role("button", name="Send the report").click()
    expect(dialog).to_contain_text("Your report was sent.", timeout=WAIT_MS)
    dialog.get_by_role("button", name="Done").click()
    decide(site, "REMOVE", rita)
    for page in (hers, his):
        expect(cards(page)).to_contain_text("A reviewer has removed this comment.", timeout=WAIT_MS)
        expect(cards(page)).not_to_contain_text("hateful")
    decide(site, "RESTORE", rita)
    for page in (hers, his):
        expect(cards(page)).to_contain_text("Something hateful.", timeout=WAIT_MS)


@pytest.mark.parametrize("look", SEEN)
def test_comments_look_right_and_are_accessible(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob")
    path = site.document(alice, commenter=bob)
    page = alice.open(path)
    errors = watch_console(page)
    ready(page)
    panel = open_panel(page)
    expect(panel).to_contain_text("No open comments.")
    page.screenshot(path=screenshots / f"comments-empty-{look}.png")
    page.get_by_role("button", name="Close the panels").click()
    write(page, "The heron waits by the weir. It does not move.")
    page.keyboard.press("Enter")
    page.keyboard.type("Nobody has seen it leave, whatever they say in the village.")
    saved(page)
    his = bob.open(path)
    expect(text_box(his)).to_contain_text("Nobody has seen")
    comment_on(his, "heron waits", "Grey or white? @Alice, you know them better than I do.")
    comment_on(his, "seen it leave", "x" * 300)
    his.screenshot(path=screenshots / f"comments-commenter-{look}.png")
    expect(passage(page)).to_have_count(2)
    passage(page).first.click()
    card = cards(page).first
    card.get_by_label("Answer…").fill("White, @B")
    expect(page.get_by_role("option", name="Bob")).to_be_visible()
    page.screenshot(path=screenshots / f"comments-mention-{look}.png")
    assert_accessible(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(card).to_contain_text("White, @Bob")
    card.locator(".comment").first.get_by_label("Delete the comment of Bob").click(force=True)
    expect(card.get_by_role("button", name="Keep")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=screenshots / f"comments-{look}.png")
    card.get_by_role("button", name="Keep").click()
    panel.get_by_role("button", name="Comment on the document").click()
    expect(panel.get_by_role("textbox", name="Your comment")).to_be_focused()
    page.screenshot(path=screenshots / f"comments-new-{look}.png")
    assert not errors
