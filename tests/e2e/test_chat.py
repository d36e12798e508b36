"""Chat in the rail: two people, a shared and a private conversation, hostile answers, the text, and a reload."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.editor import ready, saved, text_box, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console
from tests.processes import wait_until
from tests.provider.fixture import Provider

pytestmark = pytest.mark.browser


def open_chat(page: Page) -> Locator:
    """Open the chat and return its panel."""
    page.locator("#rail-toggle").click()
    page.get_by_role("tab", name="Chat").click()
    panel = page.locator("#rail-panel-chat")
    expect(panel.get_by_label("Your question").or_(panel.get_by_text("not ask"))).to_be_visible()
    return panel


def ask(panel: Locator, question: str) -> None:
    panel.get_by_label("Your question").fill(question)
    panel.get_by_label("Your question").press("Enter")


def answered(panel: Locator, words: str) -> Locator:
    """Wait for the answer's end; return its turn."""
    turn = panel.locator(".turn", has_text=words).last
    expect(turn).to_have_attribute("aria-busy", "false")
    return turn


def test_a_shared_conversation_is_seen_by_both_and_a_private_one_is_not(
    provided_site: Site, provider: Provider
) -> None:
    provider.behave(text="By_the_weir.")
    alice, bob = provided_site.person("Alice"), provided_site.person("Bob")
    path = provided_site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    ready(hers)
    ready(his)
    panel = open_chat(hers)
    ask(panel, "Where does it wait?")
    answered(panel, "By the weir.")
    theirs = open_chat(his)
    theirs.get_by_label("All conversations").click()
    expect(theirs.get_by_text("There are no conversations here yet.")).to_be_visible()
    panel.get_by_role("button", name="Share", exact=True).click()
    hers.get_by_role("dialog").get_by_role("button", name="Share").click()
    expect(panel.get_by_text("Shared with everybody")).to_be_visible()
    theirs.get_by_role("button", name="Where does it wait?").click()
    expect(theirs.locator(".turn")).to_contain_text("By the weir.")
    provider.behave(text="All_day.")
    ask(theirs, "How long?")
    answered(theirs, "All day.")
    turn = answered(panel, "All day.")
    expect(turn).to_contain_text("Bob")
    panel.get_by_role("button", name="Make private").click()
    expect(theirs.get_by_text("New conversation")).to_be_visible()
    expect(theirs.locator(".turn")).to_have_count(0)


def test_history_is_found_again_after_a_reload(provided_site: Site, provider: Provider) -> None:
    provider.behave(text="By_the_weir.")
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    panel = open_chat(page)
    ask(panel, "Where?")
    answered(panel, "By the weir.")
    panel.get_by_label("Your question").fill("A question I did not send")
    page.reload()
    panel = page.locator("#rail-panel-chat")
    expect(panel.locator(".turn")).to_contain_text("By the weir.")
    expect(panel.get_by_label("Your question")).to_have_value("A question I did not send")


def test_a_question_asked_before_the_history_is_there_follows_on_from_it(
    provided_site: Site, provider: Provider
) -> None:
    provider.behave(text="By_the_weir.")
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    panel = open_chat(page)
    ask(panel, "Where?")
    answered(panel, "By the weir.")
    held: list[Route] = []
    messages = re.compile(r"/messages/(\?|$)")
    page.route(messages, lambda route: held.append(route))
    with page.expect_request(messages):
        page.reload()
    ready(page)
    panel = page.locator("#rail-panel-chat")
    provider.behave(text="All_day.")
    ask(panel, "How long?")
    ask(panel, "And then?")  # not taken beside another: it stays where it was written
    expect(panel.get_by_label("Your question")).to_have_value("And then?")
    assert held
    for route in held:
        route.continue_()
    page.unroute_all()
    answered(panel, "All day.")
    expect(panel.locator(".turn").first).to_contain_text("By the weir.")
    expect(panel.locator(".turn")).to_have_count(2)


def test_scripts_pictures_and_script_links_are_harmless(provided_site: Site, provider: Provider) -> None:
    provider.behave(
        text="<img_src=x_onerror=window.hit=1><script>window.hit=1</script>_[press](javascript:window.hit=1)_"
        "![look](https://pictures.invalid/a.png)_[go](https://example.org/)"
    )
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ready(page)
    panel = open_chat(page)
    ask(panel, "Show me.")
    turn = answered(panel, "press")
    links = turn.locator(".turn-answer a[href]")
    expect(links).to_have_count(2)
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://pictures.invalid/a.png",
        "https://example.org/",
    ]
    assert links.first.get_attribute("rel") == "noopener noreferrer nofollow"
    turn.get_by_text("press").click()
    expect(turn.locator("img, script")).to_have_count(0)
    turn.get_by_role("button", name="Insert").click()
    wait_until(lambda: "press" in text_of(page), what="the answer in the text")
    assert page.evaluate("window.hit") is None
    expect(page.locator(".ProseMirror img, .ProseMirror a[href^=javascript]")).to_have_count(0)
    assert not [url for url in asked if "invalid" in url]


def test_an_answer_goes_into_the_text_as_blocks_and_undo_takes_it_out(provided_site: Site, provider: Provider) -> None:
    provider.behave(text="##_Birds\n\n-_heron\n-_**otter**")
    alice, bob = provided_site.person("Alice"), provided_site.person("Bob")
    path = provided_site.document(alice, editor=bob)
    page, his = alice.open(path), bob.open(path)
    ready(page)
    write(page, "The heron waits.")
    panel = open_chat(page)
    ask(panel, "List the animals.")
    turn = answered(panel, "otter")
    turn.get_by_role("button", name="Insert").click()
    for one in (page, his):
        expect(one.locator(".ProseMirror h2")).to_have_text("Birds")
        expect(one.locator(".ProseMirror li")).to_have_count(2)
        expect(one.locator(".ProseMirror [data-origin=ai]").first).to_be_visible()
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    his.keyboard.type("Now: ")
    wait_until(lambda: text_of(page).startswith("Now: The heron waits."), what="his words at hers")
    page.keyboard.press("Control+z")
    wait_until(lambda: text_of(page) == text_of(his) == "Now: The heron waits.", what="his words after her undo")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".ProseMirror h2")).to_have_text("Birds")
    page.locator(".ProseMirror [data-origin=ai]").first.click()
    expect(page.get_by_role("dialog", name="Assisted text")).to_contain_text("Accepted by Alice")


def test_stop_ask_again_edit_and_the_versions_of_an_answer(provided_site: Site, provider: Provider) -> None:
    provider.behave(rate=10, tokens=200)
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    panel = open_chat(page)
    ask(panel, "Tell me.")
    expect(panel.locator(".turn-answer")).to_contain_text("heron")
    panel.get_by_role("button", name="Stop").click()
    expect(panel.get_by_text("Stopped. What had arrived is kept.")).to_be_visible()
    provider.behave(text="Second.")
    panel.get_by_role("button", name="Ask again", exact=True).click()
    answered(panel, "Second.")
    expect(panel.get_by_text("2 of 2")).to_be_visible()
    panel.get_by_label("Earlier version").click()
    expect(panel.locator(".turn-answer")).to_contain_text("heron")
    provider.behave(text="Third.")
    panel.get_by_label("Edit this question").click()
    panel.locator(".turn-edit").get_by_label("Your question").fill("Tell me more.")
    panel.locator(".turn-edit").get_by_label("Your question").press("Enter")
    answered(panel, "Third.")
    expect(panel.get_by_text("3 of 3")).to_be_visible()
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.get_by_role("button", name="Copy Markdown").click()
    expect(page.locator("#announcements")).to_contain_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "Third."


def test_a_failure_is_said_in_words_and_can_be_tried_again(provided_site: Site, provider: Provider) -> None:
    provider.behave(fault="error", at=3)
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    panel = open_chat(page)
    ask(panel, "Tell me.")
    expect(panel.get_by_text("What had arrived is kept here.")).to_be_visible()
    expect(panel.locator(".turn-answer")).to_contain_text("the heron waits")
    provider.behave(text="Better.")
    panel.get_by_role("button", name="Try again").click()
    answered(panel, "Better.")


def test_a_selection_is_quoted_and_a_conversation_brought_back(provided_site: Site, provider: Provider) -> None:
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, "The heron waits.")
    saved(page)
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+j")
    panel = page.locator("#rail-panel-chat")
    expect(panel.locator(".chat-reference")).to_contain_text("The heron waits.")
    expect(panel.get_by_label("Your question")).to_be_focused()
    provider.behave(text="It_is_short.")
    page.keyboard.type("Is this too short?")
    page.keyboard.press("Enter")
    turn = answered(panel, "It is short.")
    expect(turn.locator(".chat-quote")).to_have_text("The heron waits.")
    prompts = [request.prompt for request in provider.requests if "Task: chat." in request.prompt]
    assert "The heron waits.\n</quote-" in prompts[-1]
    panel.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(panel.locator(".turn")).to_have_count(0)
    page.get_by_role("region", name="Notices").get_by_role("button", name="Undo").click()
    expect(panel.locator(".turn")).to_contain_text("It is short.")


@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_in_every_look(provided_site: Site, provider: Provider, look: str, screenshots: Path) -> None:
    provider.behave(
        text="##_What_it_says\n\nThe_heron_**waits**_by_the_weir,_see_[the_map](https://example.org/map):\n\n"
        "-_it_came_in_March\n-_nobody_saw_it_fly\n\n>_It_waits.\n\n```\nlet_heron_=_'Donaudampfschifffahrtsgesellschaft"
        "skapitänskajütenschlüsselbund'\n```\n\n|_Bird_|_Seen_|\n|---|---|\n|_heron_|_March_|\n\nAnd_no_more."
    )
    alice = provided_site.person("Alice", **LOOKS[look])
    page = alice.open(provided_site.document(alice))
    errors = watch_console(page)
    ready(page)
    write(page, "The heron waits by the weir, and the river carries leaves past its feet.")
    panel = open_chat(page)
    assert_accessible(page)
    page.screenshot(path=screenshots / f"chat-empty-{look}.png")
    ask(panel, "What does the document say about the heron, and what is Donaudampfschifffahrtsgesellschaftskapitän?")
    answered(panel, "And no more.")
    provider.behave(fault="error", at=3)
    ask(panel, "And?")
    expect(panel.get_by_text("What had arrived is kept here.")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    panel.locator(".chat-log").evaluate("(log) => log.scrollTo(0, 0)")
    page.screenshot(path=screenshots / f"chat-{look}.png")
    panel.locator(".chat-log").evaluate("(log) => log.scrollTo(0, log.scrollHeight)")
    page.screenshot(path=screenshots / f"chat-end-{look}.png")
    panel.get_by_label("All conversations").click()
    expect(panel.locator(".chat-listed")).to_have_count(1)
    assert_accessible(page)
    page.screenshot(path=screenshots / f"chat-list-{look}.png")
    assert not errors


def test_a_reader_reads_what_is_shared_and_cannot_ask(provided_site: Site, provider: Provider) -> None:
    provider.behave(text="By_the_weir.")
    alice, carol = provided_site.person("Alice"), provided_site.person("Carol")
    path = provided_site.document(alice, viewer=carol)
    hers, theirs = alice.open(path), carol.open(path)
    ready(hers)
    theirs.locator("#rail-toggle").click()
    theirs.get_by_role("tab", name="Chat").click()
    panel, reading = open_chat(hers), theirs.locator("#rail-panel-chat")
    expect(reading.get_by_text("There are no conversations here yet.")).to_be_visible()
    ask(panel, "Where?")
    answered(panel, "By the weir.")
    panel.get_by_role("button", name="Share", exact=True).click()
    hers.get_by_role("dialog").get_by_role("button", name="Share").click()
    reading.get_by_role("button", name="Where?").click()
    expect(reading.locator(".turn")).to_contain_text("By the weir.")
    expect(reading.get_by_text("read shared conversations, not ask")).to_be_visible()
    for name in ("Insert this answer into the text", "Ask again", "Delete", "Send", "New conversation"):
        expect(reading.get_by_role("button", name=name)).to_have_count(0)
