"""The writing tools as a screen reader has them: names and roles, what is said meanwhile, and where the focus goes."""

import re

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.e2e.editor import ready, text_box, write
from tests.e2e.site import Site
from tests.e2e.test_chat import ask
from tests.e2e.test_rewrites import shorten
from tests.e2e.test_suggestions import look_for
from tests.e2e.test_writing_forward import choose
from tests.provider.fixture import Provider

pytestmark = pytest.mark.browser

TEXT = "In order to cross the river, we used the very big bridge, due to the fact that it was there."
MAY_TAKE_MS = 30_000

# Every sentence that a live region comes to hold.
LISTEN = """
    window.said = []
    const LIVE = '[aria-live], [role=status], [role=alert]'
    const hear = (records) => {
        for (const { target } of records) {
            const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement
            const words = element?.closest(LIVE)?.textContent.trim()
            if (words && said.at(-1) !== words) said.push(words)
        }
    }
    new MutationObserver(hear).observe(document, { subtree: true, childList: true, characterData: true })
"""

CONTROLS = {
    *("button", "checkbox", "combobox", "dialog", "link", "listbox", "menuitem", "option", "radio", "searchbox"),
    *("slider", "spinbutton", "switch", "tab", "tabpanel", "textbox", "toolbar"),
}


def open_heard(site: Site) -> Page:
    """Open a new document with TEXT in it, and note what is said from then on."""
    alice = site.person("Alice")
    page = alice.context.new_page()
    page.add_init_script(LISTEN)
    page.goto(site.document(alice))
    ready(page)
    write(page, TEXT)
    return page


def heard(page: Page, words: str) -> None:
    """Wait until a live region has said something that matches, and forget what was said up to it."""
    find = """words => {
        const at = said.findIndex((sentence) => new RegExp(words).test(sentence))
        if (at >= 0) said.splice(0, at + 1)
        return at >= 0
    }"""
    try:
        page.wait_for_function(find, arg=words, timeout=MAY_TAKE_MS)
    except PlaywrightTimeoutError as error:
        raise AssertionError(f"{words!r} was not said, but {page.evaluate('said')}") from error


def assert_named(page: Page) -> None:
    """Every control in Chromium's accessibility tree has a name, and whatever takes the focus has a role."""
    devtools = page.context.new_cdp_session(page)
    nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
    devtools.detach()
    found = [node for node in nodes if not node["ignored"] and node["role"]["value"] in CONTROLS]
    assert len(found) > 1, "there is hardly a control in the tree"  # where a dialog is open, its own alone
    assert [node for node in found if not node.get("name", {}).get("value", "").strip()] == []
    for node in nodes:
        takes_focus = any(one["name"] == "focusable" and one["value"]["value"] for one in node.get("properties", []))
        assert not takes_focus or node["role"]["value"] not in ("generic", "none", "image"), node


def test_what_writes_in_the_text(site: Site) -> None:
    page = open_heard(site)
    page.keyboard.press("Control+Enter")
    heard(page, r"^The assistant is reading\.")
    heard(page, r"^The assistant is writing\.")
    heard(page, r"^Suggestion: \w.* Tab to accept, Escape to dismiss\.")
    assert_named(page)
    page.keyboard.press("Escape")
    heard(page, r"^Suggestion dismissed\.")

    shorten(page)
    heard(page, r"^Shorten: the assistant is reading\.")
    heard(page, r"^Shorten: the assistant is writing\.")
    heard(page, r"^Shorten: \w.* Alt \+ F10 goes to what you can do\.")
    page.keyboard.press("Alt+F10")
    toolbar = page.get_by_role("toolbar", name="Rewrite")
    expect(toolbar.get_by_role("button", name="Keep", exact=True)).to_be_focused()
    toolbar.get_by_role("button", name="Try again").press("Enter")
    heard(page, r"^Another try\.")
    heard(page, r"^Shorten: \w.* Alt \+ F10 goes")
    compare = toolbar.get_by_role("button", name="Compare")
    compare.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(":focus")).to_have_count(1)
    assert_named(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(compare).to_be_focused()
    toolbar.get_by_role("button", name="Discard").press("Enter")
    heard(page, r"^Discarded\.")
    expect(text_box(page)).to_be_focused()
    page.keyboard.press("Control+End")

    choose(page, "outline", "Outline")
    heard(page, r"^Outline: the assistant is reading\.")
    heard(page, r"^Outline: the assistant is writing\.")
    heard(page, r"^Outline: \w[\s\S]* Alt \+ F10 goes")
    assert_named(page)
    page.keyboard.press("Escape")
    expect(text_box(page)).to_be_focused()

    choose(page, "titles", "Titles")
    titles = page.get_by_role("dialog", name="Titles")
    expect(titles.locator(":focus")).to_have_count(1)
    heard(page, r"^The assistant is thinking of titles")
    heard(page, r"^The assistant is writing titles")
    heard(page, r"^\d titles: ")
    assert_named(page)
    page.keyboard.press("Escape")
    expect(titles).to_have_count(0)
    expect(text_box(page)).to_be_focused()

    choose(page, "commands", "Your commands…")
    commands = page.get_by_role("dialog", name="Commands")
    commands.get_by_role("button", name="New command").press("Enter")
    expect(commands.get_by_label("Name")).to_be_focused()
    assert_named(page)
    page.keyboard.press("Escape")
    expect(commands).to_have_count(0)
    expect(text_box(page)).to_be_focused()


def test_what_is_in_the_rail(site: Site) -> None:
    page = open_heard(site)
    look_for(page, "Concision")
    heard(page, r"^The assistant is looking through the text: .*Concision")
    heard(page, r"^Concision: the first suggestion is there\.")
    heard(page, r"^Concision: \d+ suggestions?\.")
    expect(page.locator("#rail .suggestion-card").first).to_be_visible()
    assert_named(page)
    for name in ("Grammar", "Chat", "Story", "Provenance"):
        page.get_by_role("tab", name=re.compile(f"^{name}")).click()
        expect(page.get_by_role("tabpanel", name=re.compile(f"^{name}"))).to_be_visible()
        expect(page.get_by_role("tabpanel").locator("[aria-busy=true]")).to_have_count(0)
        assert_named(page)
    page.get_by_role("tab", name="Grammar").click()
    page.get_by_role("button", name="Read the whole text").press("Enter")
    heard(page, r"^The assistant is reading the whole text\.")
    heard(page, r"^The assistant has read the whole text\. .* underlined\.")
    page.get_by_role("tab", name="Chat").click()
    ask(page.get_by_role("tabpanel", name="Chat"), "What did we cross?")
    heard(page, r"^The assistant is reading\.")
    heard(page, r"^The assistant is answering\.")
    heard(page, r"^The answer is complete\.")
    assert_named(page)


def test_failures_are_said_with_what_was_kept(provided_site: Site, provider: Provider) -> None:
    page = open_heard(provided_site)
    provider.behave(fault="error", at=3)
    kept = r"[\s\S]*What had arrived"
    page.keyboard.press("Control+Enter")
    heard(page, kept)
    page.keyboard.press("Escape")
    shorten(page)
    heard(page, "^Shorten: (?!the assistant)" + kept)
    page.keyboard.press("Escape")
    expect(text_box(page)).to_be_focused()
    page.keyboard.press("Control+End")
    choose(page, "titles", "Titles")
    heard(page, kept)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    look_for(page, "Concision")
    heard(page, r"^Concision: (?!the first).*Your text is untouched")
    page.get_by_role("tab", name="Chat").click()
    ask(page.get_by_role("tabpanel", name="Chat"), "What did we cross?")
    heard(page, kept)
