"""Policies as writers meet them: an owner sets one, and other people's open pages follow at once."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import ghost, ghost_text, ready, text_box, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console
from tests.processes import wait_until
from tests.provider.fixture import Provider

TEXT = "The heron waits by the weir."
REASON = "We write this one ourselves, as was agreed in the meeting about the meeting that nobody remembers"


def set_policy(page: Page, choice: str, reason: str = REASON) -> None:
    """Set what the assistant may be asked for, as an owner: by way of the share dialog."""
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Policy…").click()
    dialog = page.get_by_role("dialog", name="Assistant policy")
    dialog.get_by_label("The assistant may be asked for").select_option(choice)
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name="Set this policy").click()
    expect(dialog.get_by_label("Reason")).to_have_value("")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_an_owner_switches_the_assistant_off_while_it_writes_for_somebody(
    provided_site: Site, provider: Provider
) -> None:
    provider.behave(rate=10, tokens=2_000)
    alice, bob = provided_site.person("Alice"), provided_site.person("Bob")
    path = provided_site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    errors = watch_console(hers), watch_console(his)
    ready(hers)
    ready(his)
    expect(his.locator("#policy")).to_be_hidden()
    write(his, TEXT)
    his.keyboard.press("Control+Enter")
    wait_until(lambda: len(ghost_text(his)) > 10, seconds=30, what="words of the assistant")
    set_policy(hers, "off")
    badge = his.get_by_role("button", name="Assistant policy: Assistant off")
    expect(badge).to_be_visible()
    # It is stopped as if he had stopped it.
    expect(ghost(his)).to_have_count(0)
    expect(ghost(hers)).to_have_count(0)
    assert text_of(his) == text_of(hers) == TEXT
    # Every way to ask is grey, and says why.
    his.keyboard.press("Control+Enter")
    expect(his.locator(".toast", has_text="The assistant is off here, by a policy.").first).to_be_visible()
    expect(his.locator("#completion")).to_have_attribute("aria-disabled", "true")
    his.keyboard.press("Control+a")
    for name in ("Rewrite", "Your commands", "Ask about it"):
        tool = his.get_by_role("toolbar", name="Selection").get_by_role("button", name=name)
        expect(tool).to_have_attribute("aria-disabled", "true")
        expect(tool).to_have_attribute("title", "The assistant is off here, by a policy.")
    his.keyboard.press("Alt+Shift+R")
    expect(his.get_by_label("Tell the assistant what to change")).to_have_count(0)
    his.keyboard.press("ArrowRight")
    his.keyboard.press("Enter")
    his.keyboard.type("/continue")
    option = his.get_by_role("option", name="Continue")
    expect(option).to_have_attribute("aria-disabled", "true")
    expect(option).to_contain_text("The assistant is off here")
    his.keyboard.press("Escape")
    his.get_by_role("button", name="Panels", exact=True).click()
    his.get_by_role("tab", name="Chat").click()
    expect(his.locator("#chat-hint")).to_have_text("The assistant is off here, by a policy.")
    his.get_by_label("Your question").fill("What waits?")
    expect(his.get_by_role("button", name="Send")).to_be_disabled()
    his.get_by_role("tab", name="Suggestions").click()
    expect(his.get_by_role("button", name="Look through the text")).to_be_disabled()
    his.get_by_role("tab", name="Grammar").click()
    expect(his.get_by_role("button", name="Read the whole text")).to_be_disabled()
    # Who set it and why, for everybody; how to change it, for owners.
    badge.click()
    dialog = his.get_by_role("dialog", name="Assistant policy")
    expect(dialog).to_contain_text(f"Alice, for this document: “{REASON}”")
    expect(dialog.get_by_role("button", name="Set this policy")).to_have_count(0)
    set_policy(hers, "full", "Over")
    expect(dialog).to_contain_text("No policy holds here")
    his.keyboard.press("Escape")
    expect(his.locator("#policy")).to_be_hidden()
    expect(his.locator("#completion")).not_to_have_attribute("aria-disabled", "true")
    provider.behave()
    text_box(his).focus()
    his.keyboard.press("Control+Enter")
    expect(ghost(his)).to_be_visible()
    assert not any(errors)


@pytest.mark.parametrize("look", LOOKS)
def test_what_a_policy_looks_like(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob", **LOOKS[look])
    path = site.document(alice, editor=bob)
    page, his = alice.open(path), bob.open(path)
    errors = watch_console(page)

    def look_at(seen: Page, name: str) -> None:
        assert_accessible(seen)
        assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
        seen.screenshot(path=screenshots / f"policy-{name}-{look}.png")

    ready(page)
    ready(his)
    write(page, TEXT)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("It may be asked for everything.")
    look_at(page, "share")
    page.get_by_role("button", name="Policy…").click()
    dialog = page.get_by_role("dialog", name="Assistant policy")
    dialog.get_by_label("The assistant may be asked for").select_option("suggestions")
    dialog.get_by_label("Models").select_option("local")
    dialog.get_by_role("button", name="Set this policy").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Write why")
    dialog.get_by_label("Reason").fill(REASON)
    look_at(page, "form")
    dialog.get_by_role("button", name="Set this policy").click()
    expect(dialog).to_contain_text(f"Alice, for this document: “{REASON}”")
    dialog.locator("summary").click()
    look_at(page, "set")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)  # until then the keys are its own
    expect(page.locator("#policy")).to_contain_text("Suggestions only")
    text_box(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("/")
    expect(page.get_by_role("option", name="Continue")).to_have_attribute("aria-disabled", "true")
    look_at(page, "slash")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    expect(page.get_by_role("toolbar", name="Selection")).to_be_visible()
    look_at(page, "bubble")
    his.locator("#policy").click()
    expect(his.get_by_role("dialog")).to_contain_text("The assistant only makes suggestions")
    look_at(his, "read")
    assert not errors


@pytest.mark.parametrize("look", LOOKS)
def test_a_teams_policy(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob", **LOOKS[look])
    team = alice.post("/teams/", {"name": "The night desk of a newspaper whose name goes on and on until it is cut"})[
        "id"
    ]
    alice.post(f"/teams/{team}/members/", {"email": bob.email, "role": "member"})
    document = alice.post("/documents/", {"title": "Front page", "team": team})["id"]
    editor = bob.open(f"/documents/{document}/")
    ready(editor)
    page = alice.open(f"/teams/{team}/")
    errors = watch_console(page)
    page.get_by_role("link", name="Assistant policy").click()
    page.get_by_label("The assistant may be asked for").select_option("off")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Set this policy").click()
    expect(page.get_by_role("status")).to_contain_text("The policy was set")
    expect(editor.get_by_role("button", name="Assistant policy: Assistant off")).to_be_visible()
    page.get_by_label("The assistant may be asked for").select_option("suggestions")
    page.get_by_label("Reason").fill("Only a little")
    page.get_by_role("button", name="Set this policy").click()
    expect(editor.get_by_role("button", name="Assistant policy: Suggestions only")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Only a little")
    expect(page.get_by_role("heading", name="What it said before")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the team's policy scrolls sideways"
    page.screenshot(path=screenshots / f"policy-team-{look}.png", full_page=True)
    theirs = bob.open(f"/teams/{team}/policy/")
    expect(theirs.get_by_role("main")).to_contain_text("Only a little")
    expect(theirs.get_by_role("button", name="Set this policy")).to_have_count(0)
    assert not errors
