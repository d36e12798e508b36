"""Human review as people see it: reporting, being suspended."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import ghost, ready, write
from tests.e2e.site import Person, Site, manage
from tests.e2e.test_chat import ask, open_chat
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console

pytestmark = pytest.mark.browser
WAIT_MS = 30_000


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


@pytest.mark.parametrize("look", LOOKS)
def test_answers_and_the_document_are_reported(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.open(site.document(alice))
    errors = watch_console(page)
    ready(page)
    write(page, "The heron waits. ")
    page.keyboard.press("Control+Enter")
    expect(ghost(page)).to_be_visible(timeout=WAIT_MS)
    page.locator(".suggestion-bar").get_by_role("button", name="Report…").click()
    send_report(page, "Report this answer", "Hateful or harassing", screenshots / f"report-{look}.png")
    page.get_by_role("button", name="Report this document…").click()
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


@pytest.mark.parametrize("look", LOOKS)
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
