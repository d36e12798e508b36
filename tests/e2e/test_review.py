"""Human review as people see it, on both sides: reporting, deciding, and being told."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.editor import finished, ghost, ready, text_box, write
from tests.e2e.site import Person, Site, manage
from tests.e2e.test_chat import ask, open_chat
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console

pytestmark = pytest.mark.browser
WAIT_MS = 30_000
SEEN = tuple(LOOKS) if os.environ.get("SCREENSHOTS") else ("narrow",)  # every look where somebody looks


def looked_at(page: Page, path: Path) -> None:
    """Take a screenshot of a page that is accessible and does not scroll sideways."""
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path.stem} scrolls sideways"
    page.screenshot(path=path)


def send_report(page: Page, heading: str, reason: str, screenshot: Path | None = None) -> None:
    dialog = page.get_by_role("dialog", name=heading)
    expect(dialog).to_be_visible(timeout=WAIT_MS)
    if screenshot:
        looked_at(page, screenshot)
    dialog.get_by_label(reason).check()
    dialog.get_by_label("What reviewers should know").fill("Look at the end.")
    dialog.get_by_role("button", name="Send the report").click()
    expect(dialog).to_contain_text("Your report was sent.", timeout=WAIT_MS)
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("look", SEEN)
def test_answers_and_the_document_are_reported(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.open(site.document(alice))
    errors = watch_console(page)
    ready(page)
    write(page, "The heron waits. ")
    page.keyboard.press("Control+Enter")
    finished(page)  # a ghost is there before the server has heard of it
    page.locator(".suggestion-bar").get_by_role("button", name="Report…").click()
    send_report(page, "Report this answer", "Hateful or harassing", screenshots / f"report-{look}.png")
    flag = page.get_by_role("button", name="Report this document…")
    expect(flag).to_be_hidden()  # the proposal's own is enough
    text_box(page).focus()
    page.keyboard.press("Escape")
    flag.click()
    send_report(page, "Report this document", "Something else")
    panel = open_chat(page)
    ask(panel, "What is a heron?")
    panel.get_by_role("button", name="Report…").click(timeout=WAIT_MS)
    send_report(page, "Report this answer", "False or misleading")
    page.goto("/settings/reports/")
    expect(page.get_by_text("It waits for a reviewer.")).to_have_count(3)
    looked_at(page, screenshots / f"reports-{look}.png")
    assert not errors


SUSPEND = """
from apps.accounts.models import User
from apps.accounts.suspension import {act}
{act}(User.objects.get(email="{email}").pk, by=User.objects.get(email="{by}"){rest})
"""


def have(site: Site, act: str, person: Person, by: Person, rest: str = "") -> None:
    code = SUSPEND.format(act=act, email=person.email, by=by.email, rest=rest)
    manage(site.web.environment, "shell", "-v0", "-c", code)


@pytest.mark.parametrize("look", SEEN)
def test_a_suspended_writer_is_told_and_appeals(site: Site, look: str, screenshots: Path) -> None:
    alice, rita = site.person("Alice", **LOOKS[look]), site.person("Carol")
    page = alice.open(site.document(alice))
    ready(page)
    write(page, "Typed before.")
    expect(page.locator("#status")).to_have_text("Saved")
    reason = "Insults in answers that you had the assistant write, after a warning.\\nSee our rules."
    have(site, "suspend", alice, rita, f", reason='{reason}'")
    expect(page.locator("#status")).to_have_text("No access", timeout=WAIT_MS)
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="Your account is suspended")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("Insults in answers")).to_be_visible()
    looked_at(page, screenshots / f"suspended-{look}.png")
    page.get_by_label("Your appeal").fill("It was a quotation.\nI named its author.")
    page.get_by_role("button", name="Send the appeal").click()
    expect(page.get_by_text("It was a quotation.")).to_be_visible()
    looked_at(page, screenshots / f"appealed-{look}.png")
    have(site, "restore", alice, rita)
    page.goto("/documents/")
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()


# ---------------------------------------------------------------- the queue


def chat_of(page: Page) -> Locator:
    """Open the chat; where there is room it is still open after a reload."""
    panel = page.get_by_role("tabpanel", name="Chat")
    return panel if panel.is_visible() else open_chat(page)


RULE = """
from apps.moderation.models import Rule
Rule.objects.create(content="{word}", action="{action}", direction="input")
"""


def have_rule(site: Site, action: str) -> str:
    """Make a rule and return the word it looks for."""
    word = f"quag{uuid4().hex[:8]}"
    manage(site.web.environment, "shell", "-v0", "-c", RULE.format(word=word, action=action))
    return word


def open_case_of(page: Page, person: Person, state: str = "", queue: Path | None = None) -> None:
    """Go to somebody's case in the queue, by keyboard."""
    page.goto(f"/admin/moderation/case/?q={person.email}{state}")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    if queue:
        looked_at(page, queue)
    expect(page.locator("body[data-review-keys]")).to_have_count(1)  # its script is there
    page.keyboard.press("j")
    expect(page.locator("#result_list tbody th a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("body[data-review-keys] [data-review]")).to_be_visible(timeout=WAIT_MS)


def decide_by_keyboard(page: Page, key: str, said: str = "") -> None:
    page.keyboard.press(key)
    expect(page.locator(f"input[data-key={key}]")).to_be_checked()
    if said:
        page.get_by_label("To the person").fill(said)
    page.get_by_label("Note for reviewers").focus()
    page.keyboard.type("Looked at it.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messagelist .success")).to_be_visible(timeout=WAIT_MS)


@pytest.mark.parametrize("look", SEEN)
def test_a_held_request_is_reviewed_refused_and_restored(site: Site, look: str, screenshots: Path) -> None:
    word = have_rule(site, "quarantine")
    alice, carol = site.person("Alice", **LOOKS[look]), site.admin("Carol", **LOOKS[look])
    page = alice.open(site.document(alice))
    ready(page)
    panel = chat_of(page)
    notices = page.get_by_role("region", name="Notices")
    ask(panel, f"What is {word}?")
    expect(notices).to_contain_text("a person looks at", timeout=WAIT_MS)

    admin = carol.open("/admin/")
    errors = watch_console(admin)
    open_case_of(admin, alice, queue=screenshots / f"queue-{look}.png")
    expect(admin.get_by_text(word).first).to_be_visible()
    admin.keyboard.press("?")
    keys = admin.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    looked_at(admin, screenshots / f"keys-{look}.png")
    admin.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    errors.clear()  # axe copies sheets that import others into elements, which the policy refuses
    decide_by_keyboard(admin, "r")
    ask(panel, f"What is {word}?")
    expect(notices).to_contain_text("may not be written about here", timeout=WAIT_MS)

    open_case_of(admin, alice, "&state=closed")
    admin.screenshot(path=screenshots / f"case-decided-{look}.png", full_page=True)
    decide_by_keyboard(admin, "t")
    page.reload()
    expect(page.get_by_text("A reviewer released what you asked")).to_be_visible(timeout=WAIT_MS)
    page.screenshot(path=screenshots / f"released-{look}.png")
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_text("A reviewer released what you asked")).to_have_count(0)
    ready(page)
    panel = chat_of(page)
    ask(panel, f"What is {word}?")
    expect(panel.locator(".turn-answer").last).not_to_be_empty(timeout=WAIT_MS)
    assert not errors


@pytest.mark.parametrize("look", SEEN)
def test_a_blocked_request_passes_once_a_reviewer_lets_it(site: Site, look: str, screenshots: Path) -> None:
    word = have_rule(site, "block")
    alice, carol = site.person("Alice", **LOOKS[look]), site.admin("Carol", **LOOKS[look])
    page = alice.open(site.document(alice))
    ready(page)
    panel = chat_of(page)
    ask(panel, f"What is {word}?")
    expect(page.get_by_role("region", name="Notices")).to_contain_text("may not be written about here", timeout=WAIT_MS)

    admin = carol.open("/admin/")
    open_case_of(admin, alice)
    expect(admin.get_by_text(word).first).to_be_visible()
    looked_at(admin, screenshots / f"case-blocked-{look}.png")
    admin.screenshot(path=screenshots / f"case-blocked-whole-{look}.png", full_page=True)
    decide_by_keyboard(admin, "a")
    page.reload()
    expect(page.get_by_text("Ask the same again")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_text("Ask the same again")).to_have_count(0)
    ready(page)
    panel = chat_of(page)
    ask(panel, f"What is {word}?")
    expect(panel.locator(".turn-answer").last).not_to_be_empty(timeout=WAIT_MS)


@pytest.mark.parametrize("look", SEEN)
def test_a_reported_answer_is_removed_and_its_writer_warned(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob", **LOOKS[look])
    carol = site.admin("Carol", **LOOKS[look])
    path = site.document(alice, editor=bob)
    page, other = alice.open(path), bob.open(path)
    for one in (page, other):
        ready(one)
    write(page, "The heron waits. ")
    page.keyboard.press("Control+Enter")
    expect(ghost(other)).to_contain_text(".", timeout=WAIT_MS)
    other.locator(".suggestion-bar").get_by_role("button", name="Report…").click()
    send_report(other, "Report this answer", "Hateful or harassing")
    admin = carol.open("/admin/")
    open_case_of(admin, alice)
    admin.keyboard.press("s")
    expect(admin.get_by_label("For", exact=True)).to_be_focused()
    looked_at(admin, screenshots / f"case-{look}.png")
    admin.screenshot(path=screenshots / f"case-whole-{look}.png", full_page=True)
    admin.keyboard.press("Escape")
    decide_by_keyboard(admin, "r")
    for one in (page, other):
        expect(ghost(one)).to_have_count(0, timeout=WAIT_MS)
    other.goto("/settings/reports/")
    expect(other.get_by_text("A reviewer looked at it and removed it.")).to_be_visible()

    page.locator(".ProseMirror").focus()
    page.keyboard.press("Control+Enter")
    finished(page)
    page.locator(".suggestion-bar").get_by_role("button", name="Report…").click()
    send_report(page, "Report this answer", "Something else")
    open_case_of(admin, alice)
    decide_by_keyboard(admin, "w", "Please read our rules.\nThis is the first warning.")
    page.goto("/documents/")
    expect(page.get_by_text("Please read our rules.")).to_be_visible()
    looked_at(page, screenshots / f"warning-{look}.png")
    page.goto(path)
    ready(page)
    looked_at(page, screenshots / f"warning-editor-{look}.png")
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_text("Please read our rules.")).to_have_count(0)
    ready(page)
