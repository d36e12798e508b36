"""A share link in the browser: made, sent, opened with its password by somebody else, changed and revoked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import ready, saved, status, text_box, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console

SECRET = "seven herons wade"
LIGHT: dict[str, Any] = {**LOOKS["light"]}


@pytest.fixture
def look_at(screenshots: Path) -> Callable[[Page, str], None]:
    """See that a page is in order as it is, in the dark and on a telephone."""

    def look(page: Page, name: str) -> None:
        was = page.viewport_size
        assert was is not None
        page.screenshot(path=screenshots / f"link-{name}-light.png")
        page.emulate_media(color_scheme="dark")
        page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")  # of the colours
        assert_accessible(page)
        page.screenshot(path=screenshots / f"link-{name}-dark.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
        assert page.evaluate("[...document.querySelectorAll('dialog')].every(d => d.scrollWidth <= d.clientWidth)"), (
            name
        )
        page.screenshot(path=screenshots / f"link-{name}-narrow.png")
        page.set_viewport_size(was)

    return look


def test_a_link_from_making_to_revoking(site: Site, look_at: Callable[[Page, str], None]) -> None:
    alice, bob = site.person("Alice", **LIGHT), site.person("Bob", **LIGHT)
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = alice.open(site.document(alice))
    errors = watch_console(page)
    ready(page)
    write(page, "Herons wade.")
    saved(page)
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    section = dialog.get_by_role("region", name="Links")
    expect(section).to_contain_text("Nobody gets in by a link.")
    section.get_by_role("button", name="New link…").click()
    expect(section.get_by_label("Role")).to_be_focused()
    section.get_by_label("Role").select_option("editor")
    section.get_by_label("Expires").select_option("time")
    expect(section.get_by_label("Date and time")).to_be_visible()
    section.get_by_label("Expires").select_option("7")
    expect(section.get_by_label("Date and time")).to_be_hidden()
    section.get_by_label("Password").fill(SECRET)
    look_at(page, "form")
    page.keyboard.press("Enter")
    copy = section.get_by_role("button", name="Copy link")
    expect(copy).to_be_focused()
    page.keyboard.press("Enter")
    expect(section.get_by_role("button", name="Copied")).to_be_visible()
    address = str(page.evaluate("navigator.clipboard.readText()"))
    assert address.startswith(f"{site.web.url}/s/")

    stranger = site.browser.new_context(**LIGHT).new_page()
    stranger.goto(address)
    expect(stranger.get_by_role("heading", level=1)).to_have_text("A document is shared with you")
    look_at(stranger, "stranger")
    theirs = bob.open(address)
    his_errors = watch_console(theirs)
    expect(theirs.get_by_label("Password of the link")).to_be_focused()
    assert "/s/" in theirs.url
    assert address.split("/")[-2] not in theirs.url
    theirs.keyboard.type("eight herons")
    theirs.keyboard.press("Enter")
    expect(theirs.locator(".field-error")).to_have_text("This is not the password of this link.")
    look_at(theirs, "password")
    his_errors.clear()  # the console tells of the 400
    theirs.get_by_label("Password of the link").fill(SECRET)
    theirs.keyboard.press("Enter")
    ready(theirs)
    write(theirs, " They wait.")
    expect(text_box(page)).to_contain_text("They wait.")
    assert not his_errors

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(section).to_contain_text("with a password · opened by one person")
    section.get_by_role("button", name="Change expiry and password").click()
    section.get_by_label("Ask for no password").check()
    look_at(page, "change")
    section.get_by_role("button", name="Change link").click()
    expect(section).not_to_contain_text("with a password")
    section.get_by_label("Role of whoever opens the link").select_option("viewer")
    expect(text_box(theirs)).to_have_attribute("contenteditable", "false")
    section.get_by_role("button", name="Revoke the viewers’ link").click()
    expect(section).to_contain_text("one person who is in by it")
    look_at(page, "revoke")
    section.get_by_role("button", name="Revoke", exact=True).click()
    expect(section).to_contain_text("Nobody gets in by a link.")
    expect(status(theirs)).to_have_text("No access")
    theirs.goto(address)
    expect(theirs.get_by_role("heading", level=1)).to_have_text("This link does not open anything")
    look_at(theirs, "over")
    assert not errors
