"""What an administrator switches off is greyed where people would ask for it, on open pages too, and comes back."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import ready, text_box, write
from tests.e2e.site import Site, manage
from tests.e2e.test_pages import LOOKS, assert_accessible

pytestmark = pytest.mark.browser

REASON = "This is switched off for you at present."
OFF = """
from apps.accounts.models import User
from apps.analytics.models import FlagRule
who = User.objects.get(email="{email}")
for action in ("shorten", "chat", "continue", "outline"):
    FlagRule.objects.create(flag="assistant." + action, is_on=False, user=who)
"""
ON = """
from apps.analytics.models import FlagRule
for rule in FlagRule.objects.filter(user__email="{email}"):
    rule.delete()
"""


def open_form(page: Page) -> None:
    text_box(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+Shift+R")
    expect(page.get_by_label("Tell the assistant what to change")).to_be_focused()


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_switched_off_is_greyed_on_open_pages(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.open(site.document(alice))
    ready(page)
    write(page, "The heron waits by the weir. ")
    open_form(page)
    shorten = page.get_by_role("button", name="Shorten")
    expect(shorten).not_to_have_attribute("aria-disabled", "true")

    manage(site.web.environment, "shell", "-v0", "-c", OFF.format(email=alice.email))
    expect(shorten).to_have_attribute("aria-disabled", "true")
    expect(shorten).to_have_attribute("title", REASON)
    expect(page.get_by_role("button", name="Expand")).not_to_have_attribute("aria-disabled", "true")
    assert_accessible(page)
    page.screenshot(path=screenshots / f"switched-off-form-{look}.png")
    shorten.click(force=True)
    expect(page.locator("#toasts").get_by_text(REASON)).to_be_visible()
    page.keyboard.press("Escape")

    page.keyboard.press("End")
    write(page, "/outl")
    option = page.get_by_role("option", name="Outline")
    expect(option).to_have_attribute("aria-disabled", "true")
    page.screenshot(path=screenshots / f"switched-off-menu-{look}.png")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts").get_by_text(REASON)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+j")
    composer = page.get_by_label("Your question")
    composer.fill("What happens?")
    expect(page.locator("#chat-hint")).to_have_text(REASON)
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    assert_accessible(page)
    page.screenshot(path=screenshots / f"switched-off-chat-{look}.png")

    write(page, " /outl")
    expect(option).to_have_attribute("aria-disabled", "true")
    manage(site.web.environment, "shell", "-v0", "-c", ON.format(email=alice.email))
    expect(option).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator("#chat-hint")).to_have_text("")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
