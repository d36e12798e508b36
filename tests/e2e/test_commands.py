"""Named commands: kept in a dialog, given from the slash menu and from a selection."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.editor import ghost, ghost_text, ready, text_box, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console
from tests.processes import wait_until
from tests.provider.fixture import Provider

pytestmark = pytest.mark.browser


def open_dialog(page: Page) -> None:
    write(page, " /commands")
    page.get_by_role("option", name="Your commands").click()
    expect(page.get_by_role("dialog", name="Commands").get_by_role("button", name="New command")).to_be_visible()


def asked(provider: Provider) -> str:
    """Return the prompt of the last command: the grammar check asks the same model on its own."""
    return [request.prompt for request in provider.requests if "Task: custom." in request.prompt][-1]


def add(page: Page, name: str, prompt: str, owner: str = "") -> None:
    dialog = page.get_by_role("dialog", name="Commands")
    dialog.get_by_role("button", name="New command").click()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("What the assistant is to do").fill(prompt)
    if owner:
        dialog.get_by_label("For").select_option(label=owner)
    dialog.get_by_role("button", name="Save").click()


@pytest.mark.parametrize("look", LOOKS)
def test_commands_are_kept_and_given(provided_site: Site, provider: Provider, look: str, screenshots: Path) -> None:
    alice, bob = provided_site.person("Alice", **LOOKS[look]), provided_site.person("Bob")
    path = provided_site.document(alice, editor=bob)
    page = alice.open(path)
    errors = watch_console(page)
    ready(page)
    write(page, "The heron waits. ")
    open_dialog(page)
    dialog = page.get_by_role("dialog", name="Commands")
    add(page, "Next sentence", "Write one more sentence for {paragraph}.", "Everybody who edits this document")
    expect(dialog.locator(".command-name")).to_have_text(["Next sentence"])
    add(page, "Broken", "Say {selektion}.")
    expect(dialog.get_by_role("alert")).to_contain_text("There is no variable {selektion}")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.locator(".problem")).to_be_empty()
    add(page, "Broken", "Say {selektion}.")
    expect(dialog.get_by_role("alert")).to_contain_text("There is no variable")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    open_dialog(page)
    expect(dialog.locator(".problem")).to_be_empty()
    dialog.get_by_role("button", name="New command").click()
    dialog.get_by_label("Name").fill("Broken")
    dialog.get_by_label("What the assistant is to do").fill("Say {selection} in plain words.")
    assert_accessible(page)
    page.screenshot(path=screenshots / f"commands-form-{look}.png")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".command-name")).to_have_text(["Broken", "Next sentence"])
    assert_accessible(page)
    page.screenshot(path=screenshots / f"commands-{look}.png")
    dialog.get_by_role("button", name="Delete Broken").click()
    dialog.get_by_role("button", name="Delete Broken for good").click()
    expect(dialog.locator(".command-name")).to_have_text(["Next sentence"])
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)  # until then the keys are its own
    expect(text_box(page)).to_be_focused()
    provider.behave(text="It_has_all_day.")
    write(page, " /next")
    page.get_by_role("option", name="Next sentence").click()
    wait_until(lambda: ghost_text(page) == "It has all day.", seconds=60, what="the command's words as a proposal")
    assert "<paragraph-" in asked(provider)
    page.keyboard.press("Tab")
    expect(ghost(page)).to_have_count(0)
    wait_until(lambda: text_of(page).endswith("It has all day."), what="the words in the text")
    assert not [error for error in errors if "400" not in error]  # the variable that does not exist
    his = bob.open(path)
    ready(his)
    write(his, " /next")
    expect(his.get_by_role("option", name="Next sentence")).to_be_visible()


def test_a_command_works_on_what_is_selected(provided_site: Site, provider: Provider) -> None:
    alice = provided_site.person("Alice")
    alice.post("/teams/", {"name": "Weir Press"})
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, "The heron waits.")
    open_dialog(page)
    add(page, "Plain words", "Say {selection} in plain words.", "Everybody in Weir Press")
    expect(page.get_by_role("heading", name="Weir Press’s, for all in the team")).to_be_visible()
    expect(page.locator(".command-name")).to_have_text("Plain words")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)  # until then the keys are its own
    expect(text_box(page)).to_be_focused()
    provider.behave(text="A_bird_stands.")
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+Shift+C")
    page.get_by_role("dialog", name="Your commands").get_by_role("button", name="Plain words").click()
    keep = page.get_by_role("button", name="Keep", exact=True)
    expect(keep).to_be_enabled(timeout=60_000)  # the generator may only just have been started
    assert "The heron waits" in text_of(page), "nothing is replaced before somebody keeps it"
    assert "The heron waits.\n</selection-" in asked(provider)
    keep.click()
    wait_until(lambda: text_of(page).strip() == "A bird stands.", what="the new words")
    expect(page.locator(".ProseMirror [data-origin=ai]").first).to_be_visible()


def test_a_command_never_writes_over_what_the_other_types_inside(provided_site: Site, provider: Provider) -> None:
    alice, bob = provided_site.person("Alice"), provided_site.person("Bob")
    alice.post("/commands/", {"name": "Plain words", "prompt": "Say {selection} in plain words."})
    path = provided_site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    ready(hers)
    ready(his)
    write(hers, "The heron waits.")
    wait_until(lambda: text_of(his) == "The heron waits.", what="her words at his")
    provider.behave(text="A_bird_stands.")
    hers.keyboard.press("Control+a")
    hers.keyboard.press("Alt+Shift+C")
    hers.get_by_role("dialog", name="Your commands").get_by_role("button", name="Plain words").click()
    expect(his.locator(".rewrite-range").first).to_be_visible()
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    his.keyboard.press("ArrowRight")
    his.keyboard.type("#")
    toolbar = hers.get_by_role("toolbar", name="Rewrite")
    expect(toolbar).to_contain_text("written for an older text", timeout=60_000)
    toolbar.get_by_role("button", name="Insert below", exact=True).click()
    both = "T#he heron waits.\nA bird stands."
    wait_until(lambda: text_of(hers) == text_of(his) == both, what="the same words in both browsers")
    text_box(hers).focus()
    hers.keyboard.press("Control+z")
    wait_until(lambda: text_of(hers) == text_of(his) == "T#he heron waits.", what="his words after her undo")


def test_the_first_slash_shows_commands_that_are_still_on_their_way(site: Site) -> None:
    alice = site.person("Alice")
    alice.post("/commands/", {"name": "Next sentence", "prompt": "Write the next sentence."})
    held: list[Route] = []
    alice.context.route("**/documents/*/commands/", lambda route: held.append(route))
    path = site.document(alice)
    page = alice.context.new_page()
    with page.expect_request("**/documents/*/commands/"):
        page.goto(path)
    ready(page)
    write(page, "/")
    chosen = page.locator(".slash-item[aria-selected=true]")
    expect(chosen).to_be_visible()
    page.keyboard.press("ArrowDown")
    before = chosen.text_content() or ""
    command = page.get_by_role("option", name="Next sentence")
    expect(command).to_have_count(0)
    for request in held:
        request.continue_()
    expect(command).to_be_visible()
    expect(chosen).to_have_text(before)
    page.keyboard.type("next")
    expect(command).to_have_attribute("aria-selected", "true")


def test_commands_that_cannot_be_looked_up_are_not_said_to_be_none(site: Site) -> None:
    alice = site.person("Alice")
    alice.post("/commands/", {"name": "Next sentence", "prompt": "Write the next sentence."})
    page = alice.context.new_page()
    page.route("**/documents/*/commands/", lambda route: route.abort())
    page.goto(site.document(alice))
    ready(page)
    write(page, "/commands")
    page.get_by_role("option", name="Your commands").click()
    dialog = page.get_by_role("dialog", name="Commands")
    expect(dialog.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    expect(dialog).not_to_contain_text("no commands yet")
    page.unroute("**/documents/*/commands/")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.locator(".command-name")).to_have_text(["Next sentence"])
    expect(dialog.locator(".problem")).to_be_empty()
