"""What people meet who write programs: their keys, and the documentation of the interface."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console


@pytest.mark.parametrize("look", LOOKS)
def test_a_key_is_made_and_replaced_in_the_page(site: Site, look: str, screenshots: Path) -> None:
    page = site.person("Alice", **LOOKS[look]).open("/settings/api-keys/")
    errors = watch_console(page)
    assert_accessible(page)
    page.get_by_label("Name").fill("Nightly export of everything")
    page.get_by_role("button", name="Make key").click()
    expect(page.get_by_label("Key", exact=True)).to_have_value(re.compile("^il_"))
    assert_accessible(page)
    page.screenshot(path=screenshots / f"api-keys-{look}.png", full_page=True)
    page.get_by_role("button", name="Replace").click()
    expect(page.get_by_text("Replaced")).to_be_visible()
    page.get_by_role("link", name="Revoke").first.click()
    assert_accessible(page)
    assert not errors


def test_the_documentation_of_rest_is_shown_without_anything_from_elsewhere(site: Site, screenshots: Path) -> None:
    page = site.person("Alice", **LOOKS["light"]).open("/api/v1/docs")
    errors = watch_console(page)
    page.reload()
    expect(page.get_by_text("/api/v1/documents/{document_id}/generations/").first).to_be_visible()
    page.screenshot(path=screenshots / "api-docs.png")
    assert not errors
