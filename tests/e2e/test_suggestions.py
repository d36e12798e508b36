"""Suggestions: tracked changes that two people see, decide and type into."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.editor import ready, saved, text_box, write
from tests.e2e.site import Site
from tests.e2e.test_pages import assert_accessible, watch_console
from tests.processes import wait_until

TEXT = "In order to cross, we used the bridge. It was very big, due to the fact that many people utilize it."
PRESS_MS = 100  # as a hand does: in less the browser may tell of the release before it tells where the caret went


def open_together(site: Site) -> tuple[Page, Page, str]:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    ready(hers)
    ready(his)
    return hers, his, path


def own_text(page: Page) -> str:
    """Return the document's own text, without anything that is only proposed."""
    return str(
        page.evaluate(
            """() => [...document.querySelectorAll('.ProseMirror > *')].map((block) => {
                const copy = block.cloneNode(true)
                for (const foreign of copy.querySelectorAll('.ghost, .remote-caret, ins')) foreign.remove()
                return copy.textContent.replaceAll('\\u2060', '')
            }).join('\\n')"""
        )
    )


def look_for(page: Page, *aspects: str) -> None:
    page.get_by_role("button", name="Panels").click()
    panel = page.get_by_role("tabpanel", name=re.compile("Suggestions"))
    panel.locator(".chip[aria-pressed=true]").click()  # what is chosen at first
    for aspect in aspects:
        panel.get_by_role("button", name=aspect, exact=True).click()
    panel.get_by_role("button", name=re.compile("Look through")).click()


def looked_through(page: Page) -> None:
    """Wait until nothing more can be found: a later suggestion may stand before those that are there."""
    wait_until(lambda: len(struck(page)) >= 2, seconds=60, what="suggestions")
    going = page.locator("#rail .run[data-state=running], #rail .run[data-state=waiting]")
    expect(going).to_have_count(0, timeout=60_000)


def struck(page: Page) -> list[str]:
    return text_box(page).locator(".suggestion-old").all_text_contents()


def test_one_runs_the_other_types_inside_and_both_end_in_the_same_text(site: Site) -> None:
    hers, his, path = open_together(site)
    errors = watch_console(hers)
    write(hers, TEXT)
    saved(hers)
    look_for(hers, "Concision", "Word choice")
    looked_through(hers)
    wait_until(lambda: struck(his) == struck(hers), what="the same suggestions at his")
    assert own_text(hers) == TEXT, "nothing is in the document before somebody accepts"
    assert_accessible(hers)

    late = hers.context.new_page()
    late.goto(path)
    wait_until(lambda: struck(late) == struck(hers), what="the same suggestions for who comes late")
    late.close()

    first = struck(hers)[0]
    his.locator(".suggestion-old").first.click()
    card = his.locator(".suggestion-card", has_text=first).first
    card.get_by_role("button", name="Accept", exact=True).click()
    wait_until(lambda: first not in struck(hers), what="the decision at hers")
    wait_until(lambda: own_text(hers) == own_text(his) != TEXT, what="the accepted words in both")
    expect(hers.locator("#rail")).to_contain_text("Decided (1)")
    hers.locator("#rail summary", has_text="Decided").click()
    expect(hers.locator("#rail .decided")).to_contain_text("accepted by Bob")
    expect(hers.locator("[data-origin=ai]").first).to_be_visible()

    inside = struck(hers)[0]
    his.get_by_role("textbox", name="Text").focus()
    his.keyboard.press("Control+z")
    wait_until(lambda: own_text(hers) == own_text(his) == TEXT, what="the old words after his undo")
    his.locator(".suggestion-old", has_text=inside.strip()).first.click(delay=PRESS_MS)
    text_box(his).focus()
    his.keyboard.type("#")
    wait_until(lambda: inside not in struck(hers), what="a stale suggestion taken out of the text")
    expect(hers.locator("#rail")).to_contain_text("written for an older text")
    wait_until(lambda: own_text(hers) == own_text(his), what="the same text in both browsers")
    assert not errors


def test_all_of_an_aspect_are_accepted_while_the_other_types_and_undone_as_one(site: Site) -> None:
    hers, his, _ = open_together(site)
    write(hers, TEXT)
    saved(hers)
    look_for(hers, "Concision")
    looked_through(hers)
    wait_until(lambda: struck(his) == struck(hers), what="the same suggestions at his")
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    his.keyboard.type("Now: ")
    typed = "Now: " + TEXT
    wait_until(lambda: own_text(hers) == typed, what="his words at hers")
    hers.get_by_role("button", name=re.compile(r"^Accept all \d for Concision$")).click()
    wait_until(lambda: own_text(hers) == own_text(his) != typed, what="the accepted words in both")
    assert own_text(his).startswith("Now: ")
    wait_until(lambda: not struck(his), what="nothing left to decide at his")
    text_box(hers).focus()
    hers.keyboard.press("Control+z")
    wait_until(lambda: own_text(hers) == own_text(his) == typed, what="the old words after one undo")


def test_suggestions_are_edited_rejected_and_accepted_by_keyboard(site: Site) -> None:
    alice = site.person("Alice")
    page = alice.open(site.document(alice))
    ready(page)
    write(page, TEXT)
    look_for(page, "Concision")
    looked_through(page)
    text_box(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Alt+Shift+S")
    page.keyboard.press("Alt+Enter")
    focused = page.locator(".suggestion-card button:focus")
    expect(focused).to_have_text("Accept")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    field = page.get_by_label("Your wording")
    expect(field).to_be_focused()
    field.fill("my own words")
    page.keyboard.press("Control+Enter")
    wait_until(lambda: "my own words" in own_text(page), what="the edited words in the text")
    count = len(struck(page))
    page.locator(".suggestion-card").first.get_by_role("button", name="Reject").click()
    wait_until(lambda: len(struck(page)) == count - 1, what="the rejected one gone")
    saved(page)


def test_a_suggestion_is_talked_about_and_a_stale_one_asked_for_again(site: Site) -> None:
    alice = site.person("Alice")
    page = alice.open(site.document(alice))
    ready(page)
    write(page, TEXT)
    look_for(page, "Concision")
    looked_through(page)
    words = struck(page)[0]
    page.locator(".suggestion-card", has_text=words).first.get_by_role("button", name="Ask about it").click()
    chat = page.locator("#rail-panel-chat")
    expect(chat.locator(".chat-reference")).to_contain_text(words)
    expect(chat.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("Why is this better?")
    page.keyboard.press("Enter")
    turn = chat.locator(".turn").last
    expect(turn.locator(".chat-quote")).to_have_text(words)
    expect(turn).to_contain_text("About an answer of the assistant’s")
    expect(turn).to_have_attribute("aria-busy", "false", timeout=30_000)

    page.get_by_role("tab", name=re.compile("Suggestions")).click()
    count = len(struck(page))
    text_box(page).locator(".suggestion-old").first.click(delay=PRESS_MS)
    text_box(page).focus()
    page.keyboard.type("#")
    stale = page.locator(".suggestion-card", has_text="written for an older text")
    expect(stale).to_be_visible()
    wait_until(lambda: len(struck(page)) == count - 1, what="the stale one taken out of the text")
    other = struck(page)[0]
    page.evaluate("document.getElementById('announcements').replaceChildren()")
    stale.get_by_role("button", name="Ask again").click()
    expect(stale).to_have_count(0)
    # What is still there to find in the paragraph is found anew, and shown once.
    expect(page.locator("#announcements")).to_contain_text(re.compile(r"Concision: \d suggestion"), timeout=60_000)
    expect(page.locator(".cards .suggestion-card", has_text=other)).to_have_count(1)
    assert struck(page).count(other) == 1
    assert "#" in own_text(page)
