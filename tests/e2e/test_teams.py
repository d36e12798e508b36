"""A team in the browser: made, somebody taken in, and a document opened by the team alone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console

LONG = "The night desk of a newspaper whose name goes on and on until it has to be broken"


@pytest.mark.parametrize("look", LOOKS)
def test_people_make_a_team_take_somebody_in_and_share_a_document(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob", **LOOKS[look])
    page = alice.open("/teams/")
    errors = watch_console(page)
    assert_accessible(page)
    page.get_by_label("Name", exact=True).fill(LONG[:80])
    page.get_by_role("button", name="Create team").click()
    page.get_by_label("E-mail").fill(bob.email)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("status")).to_contain_text("is in the team now")
    page.get_by_label("E-mail").fill(f"nobody-{look}@example.org")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_label(f"Link for nobody-{look}@example.org")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the team's page scrolls sideways"
    page.screenshot(path=screenshots / f"team-{look}.png", full_page=True)
    page.goto("/teams/")
    assert_accessible(page)
    page.screenshot(path=screenshots / f"teams-{look}.png", full_page=True)
    page.goto(f"/documents/{alice.send('POST', '/documents/', {'title': 'Front page'})['id']}/")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Share with a team").select_option(LONG[:80])
    expect(dialog.get_by_label(f"Role of everybody in {LONG[:80]}")).to_be_focused()
    expect(dialog.get_by_label("Share with a team")).to_be_hidden()
    assert_accessible(page)
    page.screenshot(path=screenshots / f"team-share-{look}.png")
    theirs = bob.open("/documents/")
    theirs.get_by_role("link", name="Team", exact=True).click()
    expect(theirs.get_by_role("link", name="Front page")).to_be_visible()
    assert_accessible(theirs)
    theirs.screenshot(path=screenshots / f"team-documents-{look}.png", full_page=True)
    assert not errors
