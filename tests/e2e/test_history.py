"""Versions in the page: looked at with what differs, named, brought back beside somebody's typing, and that undone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.editor import ready, saved, status, text_box, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console
from tests.processes import wait_until

pytestmark = pytest.mark.browser
SECONDS = 30_000
LONG_NAME = "Sent to Ada and everybody else who asked for it, with the second paragraph as we agreed"


def open_history(page: Page) -> Locator:
    page.locator("#rail-toggle").click()
    page.get_by_role("tab", name="History").click()
    return page.locator("#rail-panel-history")


def name_text(page: Page, name: str) -> None:
    page.get_by_role("button", name="Name the text as it is now…").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


@pytest.mark.parametrize("look", LOOKS)
def test_a_version_is_named_looked_at_restored_and_that_undone(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob")
    path = site.document(alice, editor=bob)
    page, his = alice.open(path), bob.open(path)
    errors = watch_console(page)
    ready(page)
    ready(his)
    panel = open_history(page)
    expect(panel).to_contain_text("Versions appear as you write")
    assert_accessible(page)
    text_box(page).focus()
    write(page, "The heron waits by the weir.")
    saved(page)
    name_text(page, LONG_NAME)
    item = panel.locator(".version")
    expect(item).to_contain_text(LONG_NAME, timeout=SECONDS)
    expect(item).to_contain_text("Alice")
    expect(panel.locator("h3")).to_have_text("Today")
    text_box(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("The heron sleeps in the rain.")
    saved(page)

    item.focus()
    page.keyboard.press("Enter")
    dialog = page.locator(".version-dialog")
    expect(dialog.locator("ins").first).to_have_text("waits", timeout=SECONDS)
    expect(dialog.locator("del", has_text=re.compile("^sleeps$"))).to_have_count(1)
    expect(dialog).to_contain_text("Against the text now: 3 words more (underlined), 3 words less (struck out).")
    assert_accessible(page)
    assert_fits(page)
    page.screenshot(path=screenshots / f"history-version-{look}.png")
    dialog.get_by_role("button", name="Hide changes").click()
    expect(dialog.locator(".version-text")).to_have_text("The heron waits by the weir.")
    dialog.get_by_role("button", name="Restore this version").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    for one in (page, his):
        wait_until(lambda one=one: text_of(one) == "The heron waits by the weir.", seconds=30, what="the version")  # type: ignore[misc]
    expect(panel.locator(".version")).to_have_count(3, timeout=SECONDS)
    expect(panel.locator(".version").first).to_contain_text(f"Restored from {LONG_NAME}")
    expect(page.locator("dialog")).to_have_count(0)
    assert_accessible(page)
    assert_fits(page)
    page.screenshot(path=screenshots / f"history-list-{look}.png")

    page.locator(".toast").get_by_role("button", name="Undo").click()
    for one in (page, his):
        wait_until(lambda one=one: text_of(one) == "The heron sleeps in the rain.", seconds=30, what="the text before")  # type: ignore[misc]
    panel.locator(".version", has_text=re.compile(rf"^\S+( [AP]M)?{LONG_NAME}")).click()
    dialog.get_by_role("button", name="Rename…").click()
    page.get_by_role("button", name="Remove the name").click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(panel.get_by_text(LONG_NAME, exact=True)).to_have_count(0)
    assert not errors


def test_who_only_reads_may_look_and_no_more(site: Site) -> None:
    alice, vera = site.person("Alice"), site.person("Carol")
    path = site.document(alice, viewer=vera)
    page = alice.open(path)
    ready(page)
    write(page, "The heron waits.")
    saved(page)
    open_history(page)
    name_text(page, "First")
    hers = vera.open(f"{path}history/")
    expect(status(hers)).to_have_text("View only")
    panel = hers.locator("#rail-panel-history")
    expect(panel.locator(".version")).to_contain_text("First", timeout=SECONDS)
    expect(panel.get_by_role("button", name="Name the text as it is now…")).to_have_count(0)
    panel.locator(".version").click()
    dialog = hers.locator(".version-dialog")
    expect(dialog).to_contain_text("The text reads so now.", timeout=SECONDS)
    expect(dialog.get_by_role("button", name=re.compile("Restore|Name"))).to_have_count(0)
    hers.keyboard.press("Escape")
    expect(hers.locator("dialog")).to_have_count(0)
