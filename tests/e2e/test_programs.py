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
    page.wait_for_url("**/revoke/")
    assert_accessible(page)
    assert not errors


@pytest.mark.parametrize("look", LOOKS)
def test_rest_is_described_and_tried_out_with_the_session(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.open("/api/v1/docs")
    errors = watch_console(page)
    page.reload()
    expect(page.get_by_text("/api/v1/documents/{document_id}/generations/").first).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    page.screenshot(path=screenshots / f"api-docs-{look}.png")
    create = page.locator("#operations-documents-apps_documents_api_create")
    create.get_by_role("button").first.click()
    create.get_by_role("button", name="Try it out").click()
    expect(create.locator("textarea")).to_be_visible()
    assert_accessible(page)
    page.screenshot(path=screenshots / f"api-docs-try-{look}.png", full_page=True)
    create.locator("textarea").fill('{"title": "Tried out"}')
    create.get_by_role("button", name="Execute").click()
    expect(create.locator(".live-responses-table tbody .response-col_status")).to_have_text(re.compile("^201"))
    assert_accessible(page)
    create.locator(".live-responses-table").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / f"api-docs-done-{look}.png")
    assert [one["title"] for one in alice.send("GET", "/documents/", {})["items"]] == ["Tried out"]
    assert not errors


@pytest.mark.parametrize("look", LOOKS)
def test_the_sockets_are_described(site: Site, look: str, screenshots: Path) -> None:
    page = site.person("Alice", **LOOKS[look]).open("/api/v1/docs/sockets")
    errors = watch_console(page)
    page.reload()
    page.locator(".frame-doc summary").first.click()
    expect(page.locator(".frame-doc[open]")).to_have_count(1)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    page.screenshot(path=screenshots / f"sockets-docs-{look}.png", full_page=True)
    assert not errors
