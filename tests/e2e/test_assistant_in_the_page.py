"""What the assistant does and says on the editor page, against a provider that can be told to fail."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.editor import finished, ghost, ghost_text, ready, saved, text_box, text_of, write
from tests.e2e.site import Site
from tests.processes import wait_until
from tests.provider.fixture import Provider

HELP = re.compile("/assets/help-")

# From the word after it, which may as well stand on the next line.
IS_TAG_APART = """() => {
    const ghost = document.querySelector('.ghost')
    const tag = ghost.querySelector('.ghost-tag').getBoundingClientRect()
    let next = ghost.nextSibling
    while (!next.textContent.trim()) next = next.nextSibling
    const word = document.createRange()
    word.setStart(next, 0)
    word.setEnd(next, 1)
    const { left, top } = word.getBoundingClientRect()
    return top > tag.bottom || left - tag.right >= 3
}"""

# Between the end of the ghost and the nearest thing that lies over the end of the text.
CLEAR_BELOW_GHOST = """() => {
    const { bottom } = document.querySelector('.ghost').getBoundingClientRect()
    const over = [...document.querySelectorAll('.editor-bottom, .suggestion-bar, .toast')]
    const tops = over.map((one) => one.getBoundingClientRect()).filter(({ height }) => height > 0)
    return Math.min(innerHeight, ...tops.map(({ top }) => top)) - bottom
}"""
LONG_ANSWER = "_".join(["The river carries the leaves past its feet, and nobody speaks of the winter."] * 3)


def test_a_continuation_is_taken_word_by_word_and_dropped_by_escape(provided_site: Site, provider: Provider) -> None:
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, "The heron waits.")
    page.keyboard.press("Control+Enter")
    finished(page)
    first = ghost_text(page).split()[0]
    page.keyboard.press("Control+ArrowRight")
    wait_until(lambda: text_of(page).endswith(first), what="the first word in the text")
    page.keyboard.press("Escape")
    expect(ghost(page)).to_have_count(0)
    assert text_of(page) == f"The heron waits. {first}"


def test_tab_before_the_first_word_takes_it_when_it_comes(provided_site: Site, provider: Provider) -> None:
    provider.behave(text="It_was_quiet_by_the_weir.", first=1.0)
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, "The heron waits. Nobody speaks.")
    for _ in range(len("Nobody speaks.")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Tab")
    expect(text_box(page)).to_be_focused()
    expect(page.locator("[data-origin=ai]").first).to_have_text(re.compile("^It "))

    def is_all_there() -> bool:
        if ghost_text(page):  # what came after that
            page.keyboard.press("Tab")
        return text_of(page) == "The heron waits. It was quiet by the weir. Nobody speaks."

    wait_until(is_all_there, what="all of it in the text")
    expect(text_box(page)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" Ever.")
    wait_until(lambda: text_of(page).endswith("Nobody speaks. Ever."), what="what was typed after it")


def test_typing_the_same_letters_consumes_and_others_dismiss(provided_site: Site, provider: Provider) -> None:
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, "The heron waits.")
    page.keyboard.press("Control+Enter")
    finished(page)
    proposal = ghost_text(page)
    page.keyboard.type(proposal[:4])
    wait_until(lambda: ghost_text(page) == proposal[4:], what="a proposal shorter by what was typed")
    page.keyboard.type("#")
    expect(ghost(page)).to_have_count(0)
    wait_until(lambda: text_of(page) == "The heron waits." + proposal[:4] + "#", what="what was typed")


def test_the_key_pressed_elsewhere_goes_to_the_open_proposal_or_leaves_it(
    provided_site: Site, provider: Provider
) -> None:
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, "The heron waits." + "\n" * 30 + "The end.")
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    page.keyboard.press("Control+Enter")
    finished(page)
    page.keyboard.press("Control+End")
    expect(ghost(page)).not_to_be_in_viewport()
    page.keyboard.press("Control+Enter")
    notice = page.get_by_role("region", name="Notices")
    expect(notice).to_contain_text("Your suggestion is still open here. Tab takes it, Esc leaves it.")
    expect(ghost(page)).to_be_in_viewport()
    notice.get_by_role("button", name="Write where I was").click()
    last = text_box(page).locator("> :last-child")
    expect(last.locator(".ghost")).to_be_visible()
    expect(ghost(page)).to_have_count(1)
    finished(page)
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+Enter")
    expect(ghost(page)).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(ghost(page)).to_have_count(0)
    expect(last).to_have_text(re.compile("^The end. the heron"))
    assert text_of(page).startswith("The heron waits.\n")


def test_the_demos_tag_stands_apart_and_its_bar_says_all_on_a_telephone(site: Site) -> None:
    alice = site.person("Alice", viewport={"width": 390, "height": 760})
    page = alice.open(site.document(alice))
    ready(page)
    write(page, "The heron waits by the weir. Nobody speaks.")
    for _ in range(len("Nobody speaks.")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Enter")
    finished(page)
    who = page.locator("#suggestion .suggestion-who")
    expect(who).to_have_text("Suggestion · demo")
    assert who.evaluate("(who) => who.scrollWidth <= who.clientWidth")
    assert page.evaluate(IS_TAG_APART)


def test_the_end_of_a_long_ghost_stays_above_its_bar_and_above_a_notice_on_a_telephone(
    provided_site: Site, provider: Provider, screenshots: Path
) -> None:
    provider.behave(text=LONG_ANSWER)
    alice = provided_site.person("Alice", viewport={"width": 390, "height": 760})
    page = alice.open(provided_site.document(alice))
    ready(page)
    for _ in range(12):
        write(page, "The heron waits.\n")
    write(page, "It waits.")
    page.keyboard.press("Control+Enter")
    finished(page)
    wait_until(lambda: page.evaluate(CLEAR_BELOW_GHOST) >= 0, what="the ghost's end above its bar")
    page.screenshot(path=screenshots / "long-ghost.png")
    page.route(HELP, lambda route: route.abort())
    page.locator("#help").click()
    expect(page.get_by_role("region", name="Notices")).to_contain_text("could not be loaded")
    wait_until(lambda: page.evaluate(CLEAR_BELOW_GHOST) >= 0, what="the ghost's end above the notice")
    page.screenshot(path=screenshots / "long-ghost-notice.png")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Reload the page")).to_be_visible()
    assert page.evaluate("scrollY") == 0


def test_a_completion_comes_after_a_pause_and_tab_takes_it(provided_site: Site, provider: Provider) -> None:
    provider.behave(text="_by_the_weir.")  # it may as well finish a word
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    page.locator("#completion").click()
    write(page, "The heron waits")
    wait_until(lambda: ghost_text(page).strip() == "by the weir.", seconds=60, what="the completion")
    assert text_of(page) == "The heron waits"
    page.keyboard.press("Tab")
    wait_until(lambda: text_of(page) == "The heron waits by the weir.", what="the completion in the text")


def test_it_says_in_words_that_the_key_is_wrong_and_keeps_the_text(provided_site: Site, provider: Provider) -> None:
    provider.behave(fault="401")
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, "The heron waits.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("region", name="Notices")).to_contain_text("model")
    expect(ghost(page)).to_have_count(0)
    assert text_of(page) == "The heron waits."
    saved(page)


def test_a_viewer_sees_the_stream_and_cannot_take_it(provided_site: Site, provider: Provider) -> None:
    alice, carol = provided_site.person("Alice"), provided_site.person("Carol")
    path = provided_site.document(alice, viewer=carol)
    hers, theirs = alice.open(path), carol.open(path)
    ready(hers)
    write(hers, "The heron waits.")
    wait_until(lambda: text_of(theirs) == "The heron waits.", what="the text at the viewer's")
    hers.keyboard.press("Control+Enter")
    finished(hers)
    wait_until(lambda: ghost_text(theirs) == ghost_text(hers), what="the proposal at the viewer's")
    theirs.keyboard.press("Tab")
    hers.keyboard.press("Escape")
    expect(ghost(theirs)).to_have_count(0)
    assert text_of(theirs) == text_of(hers) == "The heron waits."
