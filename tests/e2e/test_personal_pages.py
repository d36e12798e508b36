"""Taking one's data and ending one's account, as people meet it; and the audit trail, as admins do."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.site import PASSWORD, Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console


def say_password_where_asked(page: Page, path: str) -> None:
    page.goto(path)
    if "/reauthenticate/" in page.url:
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button").last.click()
        page.wait_for_url(f"**{path}")


@pytest.mark.parametrize("look", LOOKS)
def test_a_person_sees_what_goes_and_what_stays_then_goes(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    bob = site.person("Bob")
    site.document(alice)
    site.document(alice, editor=bob)
    page = alice.open("/settings/")
    errors = watch_console(page)
    page.get_by_role("link", name="Download it, or delete your account").click()
    page.wait_for_url(re.compile("/settings/data/|/reauthenticate/"))
    say_password_where_asked(page, "/settings/data/delete-account/")
    page.goto("/settings/data/")
    assert_accessible(page)
    page.screenshot(path=screenshots / f"data-{look}.png", full_page=True)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download your data").click()
    assert taken.value.suggested_filename.startswith("interline-")
    page.get_by_role("link", name="Delete your account").click()
    expect(page.get_by_text("1 document that nobody else is in")).to_be_visible()
    expect(page.get_by_text("goes to Bob")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    page.screenshot(path=screenshots / f"erase-{look}.png", full_page=True)
    page.get_by_label("Your e-mail address").fill(alice.email)
    page.get_by_role("button", name="Delete your account").click()
    expect(page.get_by_text("Your account was deleted.")).to_be_visible()
    assert not errors
