"""Lane one of grammar: the checker in the browser, and what people do with what it finds."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.editor import ready, saved, status, text_box, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import assert_accessible, watch_console
from tests.processes import wait_until
from tests.provider.fixture import Provider

START_TIMEOUT_MS = 60_000  # 16 MB of WebAssembly, on a busy machine

# Nobody asks the assistant anything by merely typing.
ALONE = "if (location.origin !== 'null') localStorage.setItem('interline.grammar.deep', 'off')"


def underlined(page: Page, word: str) -> Locator:
    return text_box(page).locator(".finding", has_text=re.compile(f"^{re.escape(word)}$"))


def open_with(site: Site, text: str) -> Page:
    """Open a document with `text` in it, which the assistant does not read, too: what it finds would stand instead."""
    alice = site.person("Alice")
    alice.context.add_init_script(ALONE)
    page = alice.open(site.document(alice))
    ready(page)
    write(page, text)
    return page


def test_a_mistake_is_underlined_explained_and_corrected_by_keyboard(site: Site) -> None:
    alice = site.person("Alice")
    alice.context.add_init_script(ALONE)
    page = alice.open(site.document(alice))
    errors = watch_console(page)
    ready(page)
    write(page, "The heron could of waited, but it is an 🐦 and teh river is high.")
    expect(underlined(page, "teh")).to_be_visible(timeout=START_TIMEOUT_MS)
    expect(underlined(page, "could of")).to_be_visible()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Alt+Shift+G")
    page.keyboard.press("Alt+Enter")
    card = page.get_by_role("dialog", name=re.compile("could of"))
    expect(card).to_be_visible()
    expect(card.get_by_role("button").first).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Enter")
    wait_until(lambda: "could have waited" in text_of(page), what="the correction in the text")
    expect(text_box(page)).to_be_focused()
    page.keyboard.press("Control+z")
    wait_until(lambda: "could of waited" in text_of(page), what="the old words after undo")
    saved(page)
    assert not errors


def test_a_word_in_the_dictionary_is_underlined_no_more_here_and_after_a_reload(site: Site) -> None:
    page = open_with(site, "The zorblex waits by the weir, and the river is high. Another zorblex comes.")
    expect(underlined(page, "zorblex")).to_have_count(2, timeout=START_TIMEOUT_MS)
    underlined(page, "zorblex").first.click()
    page.get_by_role("button", name="Add to my dictionary").click()
    expect(underlined(page, "zorblex")).to_have_count(0)
    saved(page)
    page.reload()
    ready(page)
    write(page, " It sees teh bank.")
    expect(underlined(page, "teh")).to_be_visible(timeout=START_TIMEOUT_MS)
    expect(underlined(page, "zorblex")).to_have_count(0)


def test_a_rule_is_ignored_everywhere_until_the_panel_brings_it_back(site: Site) -> None:
    page = open_with(site, "We could of waited at noon. Nobody could of crossed the bridge, or seen teh river.")
    expect(underlined(page, "could of")).to_have_count(2, timeout=START_TIMEOUT_MS)
    expect(underlined(page, "teh")).to_be_visible()
    underlined(page, "could of").first.click()
    page.get_by_role("button", name="Ignore rule").click()
    expect(underlined(page, "could of")).to_have_count(0)
    expect(underlined(page, "teh")).to_be_visible()
    page.get_by_role("button", name="Panels").click()
    page.get_by_role("tab", name=re.compile("Grammar")).click()
    page.locator("#rail summary", has_text="Ignored rules (1)").click()
    page.get_by_role("button", name=re.compile("^Remove")).click()
    expect(underlined(page, "could of")).to_have_count(2)


def test_a_word_of_the_documents_dictionary_is_right_for_everybody_in_it(site: Site) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers = alice.open(path)
    ready(hers)
    write(hers, "The zorblex waits by the weir, and the river is high.")
    expect(underlined(hers, "zorblex")).to_be_visible(timeout=START_TIMEOUT_MS)
    underlined(hers, "zorblex").click()
    hers.get_by_role("button", name="Add to the document’s").click()
    expect(underlined(hers, "zorblex")).to_have_count(0)
    his = bob.open(path)
    ready(his)
    write(his, " It sees teh bank.")
    expect(underlined(his, "teh")).to_be_visible(timeout=START_TIMEOUT_MS)
    expect(underlined(his, "zorblex")).to_have_count(0)
    elsewhere = bob.open(site.document(bob))
    ready(elsewhere)
    write(elsewhere, "The zorblex waits by the weir, and the river is high.")
    expect(underlined(elsewhere, "zorblex")).to_be_visible(timeout=START_TIMEOUT_MS)


def test_a_place_is_ignored_and_others_with_the_same_words_are_not(site: Site) -> None:
    page = open_with(site, "We saw teh river at noon. Nobody had crossed teh bridge.")
    expect(underlined(page, "teh")).to_have_count(2, timeout=START_TIMEOUT_MS)
    underlined(page, "teh").first.click()
    ignore = page.get_by_role("button", name="Ignore", exact=True)
    ignore.focus()
    # What is typed right after it belongs into the text.
    assert ignore.evaluate("(ignore) => { ignore.click(); return document.activeElement.matches('.ProseMirror') }")
    expect(underlined(page, "teh")).to_have_count(1)


def test_all_of_a_kind_are_corrected_in_one_step(site: Site) -> None:
    page = open_with(site, "We saw teh river at noon. Nobody had crossed teh bridge.")
    expect(underlined(page, "teh")).to_have_count(2, timeout=START_TIMEOUT_MS)
    page.get_by_role("button", name="Panels").click()
    page.get_by_role("tab", name=re.compile("Grammar")).click()
    page.get_by_role("button", name="Accept all 2 of Spelling").click()
    wait_until(lambda: text_of(page) == "We saw the river at noon. Nobody had crossed the bridge.", what="both")
    text_box(page).focus()
    page.keyboard.press("Control+z")
    wait_until(lambda: text_of(page).count("teh") == 2, what="both back after one undo")


def test_a_finding_goes_when_somebody_else_changes_its_words(site: Site) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    ready(hers)
    ready(his)
    write(hers, "We saw teh")
    write(hers, " river at noon, and nobody could of crossed.")
    expect(underlined(hers, "teh")).to_be_visible(timeout=START_TIMEOUT_MS)
    wait_until(lambda: text_of(his) == text_of(hers), what="the same text in both browsers")
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    for _ in range(len("We saw teh")):
        his.keyboard.press("ArrowRight")
    for _ in range(2):
        his.keyboard.press("Backspace")
    his.keyboard.type("he")
    expect(underlined(hers, "teh")).to_have_count(0)
    typed = "We saw the river at noon, and nobody could of crossed."
    wait_until(lambda: text_of(hers) == typed, what="his correction at hers")
    underlined(hers, "could of").or_(underlined(hers, "of")).click()
    hers.locator(".finding-card .button-primary").first.click()
    both = typed.replace("could of", "could have")
    wait_until(lambda: text_of(hers) == text_of(his) == both, what="her correction in both browsers")
    expect(text_box(hers)).to_be_focused()
    hers.keyboard.press("Control+z")
    wait_until(lambda: text_of(hers) == text_of(his) == typed, what="the old words after her undo")


def open_house_style(page: Page, whose: str) -> Locator:
    page.get_by_role("button", name="Panels").click()
    page.get_by_role("tab", name=re.compile("Grammar")).click()
    page.locator("#rail summary", has_text="House style").click()
    return page.locator(".style-field", has_text=whose)


def test_a_documents_house_style_is_kept_and_given_to_the_assistant(provided_site: Site, provider: Provider) -> None:
    alice, bob, carol = (provided_site.person(name) for name in ("Alice", "Bob", "Carol"))
    path = provided_site.document(alice, editor=bob, viewer=carol)
    hers = alice.open(path)
    ready(hers)
    style = open_house_style(hers, "This document’s")
    save = style.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    style.get_by_role("textbox").fill("British spelling, and no “utilize”.")
    save.click()
    expect(hers.locator("#announcements")).to_contain_text("The house style is kept.")
    expect(save).to_be_disabled()
    assert_accessible(hers)

    his = bob.open(path)
    ready(his)
    write(his, "The heron waits.")
    his.keyboard.press("Control+Enter")
    wait_until(
        lambda: any("British spelling, and no “utilize”." in request.prompt for request in provider.requests),
        seconds=60,
        what="a prompt with the style",
    )
    theirs = carol.open(path)
    expect(status(theirs)).to_have_text("View only")
    reading = open_house_style(theirs, "This document’s").get_by_role("textbox")
    expect(reading).to_have_value("British spelling, and no “utilize”.")
    expect(reading).not_to_be_editable()


def test_the_check_in_the_browser_sends_nothing_and_leaves_other_languages_to_the_assistant(
    provided_site: Site, provider: Provider
) -> None:
    alice = provided_site.person("Alice")
    alice.context.add_init_script(ALONE)
    page = alice.context.new_page()
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(provided_site.document(alice))
    ready(page)
    methods: list[str] = []
    page.on("request", lambda request: methods.append(request.method))
    write(page, "The heron waits by teh weir, and the river is high.")
    expect(underlined(page, "teh")).to_be_visible(timeout=START_TIMEOUT_MS)
    assert set(methods) <= {"GET"}
    assert not [frame for frame in sent if isinstance(frame, str) and '"generate"' in frame]
    assert not [request for request in provider.requests if "teh weir" in request.prompt]

    page.get_by_role("button", name="Panels").click()
    page.get_by_role("tab", name="Grammar").click()
    page.get_by_role("checkbox", name="Have the assistant read").check()
    provider.behave(text="[]")
    write(page, "")
    page.keyboard.press("Enter")
    page.keyboard.type("Ich habe den Reiher heute Morgen am Fluss gesehen, und teh Wehr stand noch.")
    wait_until(
        lambda: any("den Reiher heute Morgen" in one.prompt for one in provider.requests), seconds=60, what="a request"
    )
    expect(underlined(page, "teh")).to_have_count(1)
