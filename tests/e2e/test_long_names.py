"""Names of 80 to 300 letters without a blank, on a telephone: no page is wider than it."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import ready, saved, write
from tests.e2e.site import Person, Site
from tests.e2e.test_comments import cards, comment_on
from tests.e2e.test_history import name_text
from tests.e2e.test_pages import LOOKS
from tests.e2e.test_story import add

pytestmark = pytest.mark.browser
NARROW: dict[str, Any] = {**LOOKS["narrow"]}
TITLE, PERSON, TEAM, VERSION, ENTRY = "T" * 300, "P" * 120, "G" * 80, "V" * 80, "E" * 80

# What is seen beyond the right edge, and cannot be scrolled to in a box of its own.
BEYOND = """() => [...document.querySelectorAll('body *')].filter((element) => {
    const box = element.getBoundingClientRect()
    if (!element.checkVisibility({ visibilityProperty: true })) return false
    if (box.width <= 1 || box.right <= innerWidth + 1) return false
    for (let home = element.parentElement; home; home = home.parentElement)
        if (getComputedStyle(home).overflowX !== 'visible' && home.getBoundingClientRect().right <= innerWidth + 1)
            return false
    return true
}).map((element) => `${element.tagName}.${element.className}`)"""


class Looked:
    """Collects what is wider than the page."""

    def __init__(self, screenshots: Path) -> None:
        self.found: dict[str, list[str]] = {}
        self._screenshots = screenshots

    def at(self, page: Page, name: str) -> None:
        page.screenshot(path=self._screenshots / f"long-{name}.png")
        beyond = page.evaluate(BEYOND)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            beyond.append("scrolls sideways")
        if beyond:
            self.found[name] = beyond


def rename(site: Site, person: Person) -> None:
    with psycopg.connect(site.web.environment["DATABASE_URL"], autocommit=True) as database:
        database.execute("UPDATE accounts_user SET name = %s WHERE email = %s", [PERSON, person.email])


def test_no_page_scrolls_sideways_for_a_long_name(site: Site, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **NARROW), site.person("Bob", **NARROW)
    rename(site, alice)
    rename(site, bob)
    looked = Looked(screenshots)
    document = alice.post("/documents/", {"title": TITLE})["id"]
    path = f"/documents/{document}/"
    alice.post(f"{path}members/", {"email": bob.email, "role": "editor"})
    team = alice.post("/teams/", {"name": TEAM})["id"]
    alice.post(f"/teams/{team}/members/", {"email": bob.email, "role": "member"})
    page = alice.open(path)
    ready(page)
    write(page, "The heron waits by the weir.")
    saved(page)
    looked.at(page, "editor")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(PERSON).first).to_be_visible()
    dialog.get_by_label("Share with a team").select_option(TEAM)
    expect(dialog.get_by_label(f"Role of everybody in {TEAM}")).to_be_focused()
    looked.at(page, "share")
    page.keyboard.press("Escape")

    his = bob.open(path)
    ready(his)
    write(his, " It waits.")
    expect(page.locator(".remote-caret")).to_be_attached()
    looked.at(page, "caret")
    comment_on(his, "heron", "c" * 300)
    looked.at(his, "comments")
    page.locator("#rail-toggle").click()
    page.get_by_role("tab", name="Comments").click()
    expect(cards(page)).to_be_visible()
    cards(page).get_by_label("Answer…").fill("@P")
    expect(page.get_by_role("option").first).to_be_visible()
    looked.at(page, "mention")
    page.keyboard.press("Escape")
    for name in ("Chat", "Suggestions", "Story", "History"):
        page.get_by_role("tab", name=name, exact=True).click()
        expect(page.locator(f"#rail-panel-{name.lower()}")).not_to_be_empty()
        looked.at(page, name.lower())
        if name == "History":
            name_text(page, VERSION)
            expect(page.locator(".version").first).to_contain_text(VERSION)
            looked.at(page, "version")
        elif name == "Story":
            add(page.locator("#rail-panel-story"), "Character", ENTRY)
            looked.at(page, "entry")

    pages = {
        "list": "/documents/",
        "shared": "/documents/?tab=shared",
        "rename": f"{path}rename/",
        "teams": "/teams/",
        "team": f"/teams/{team}/",
        "settings": "/settings/",
        "keys": "/settings/api-keys/",
        "usage": "/settings/usage/",
        "data": "/settings/data/",
    }
    for name, address in pages.items():
        his.goto(address)
        looked.at(his, name)
        page.goto(address)
        looked.at(page, f"{name}-own")
    assert not looked.found
