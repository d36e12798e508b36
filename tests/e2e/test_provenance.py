"""Where the text comes from, as people see it: typed, pasted and assisted, who accepted it, and the files."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import ready, saved, text_box, text_of, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console
from tests.processes import wait_until

pytestmark = pytest.mark.browser


def paste(page: Page, html: str) -> None:
    """Paste as the browser does, from somewhere else."""
    text_box(page).evaluate(
        """(box, html) => {
            const data = new DataTransfer()
            data.setData('text/html', html)
            data.setData('text/plain', html.replace(/<[^>]*>/g, ''))
            box.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))
        }""",
        html,
    )


def compose_text(page: Page) -> None:
    """Type, paste, and take over a continuation."""
    write(page, "The heron waits by the weir, and the river carries leaves past its feet. ")
    paste(page, "<p>Herons are found on every continent but one.</p>")
    page.keyboard.press("Control+Enter")
    # The first one waits for the generator, which has only just been started.
    expect(page.locator("#announcements")).to_contain_text("Tab to accept", timeout=60_000)
    page.keyboard.press("Tab")
    expect(page.locator("[data-origin=ai]").first).to_be_visible()
    saved(page)


def open_provenance(page: Page) -> None:
    page.locator("#rail-toggle").click()
    page.get_by_role("tab", name="Provenance").click()


@pytest.mark.parametrize("look", LOOKS)
def test_the_shares_and_who_accepted_what(site: Site, look: str, screenshots: Path) -> None:
    alice, bob = site.person("Alice", **LOOKS[look]), site.person("Bob")
    path = site.document(alice, viewer=bob)
    page = alice.open(path)
    errors = watch_console(page)
    ready(page)
    compose_text(page)
    his = bob.open(path)
    for one in (page, his):
        wait_until(lambda one=one: "Herons" in text_of(one), what="the text")  # type: ignore[misc]
        open_provenance(one)
        panel = one.locator("#rail-panel-provenance")
        expect(panel.locator(".origin-item")).to_contain_text("Accepted by Alice")
        expect(panel.locator(".origin-item")).to_contain_text("interline/demo (demo)")
        shares = {
            name: int(re.sub(r"\\D", "", panel.locator(".share", has_text=name).inner_text().split()[-2]))
            for name in ("Typed", "Pasted", "Assisted")
        }
        assert all(share > 5 for share in shares.values()), shares
        assert 98 <= sum(shares.values()) <= 102
    assert_accessible(page)
    page.get_by_role("button", name="Show pasted text").click()
    expect(page.locator("body")).to_have_class(re.compile("show-pasted"))
    page.screenshot(path=screenshots / f"provenance-{look}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    page.get_by_role("button", name="Show in the text").click()
    wait_until(lambda: len(str(page.evaluate("getSelection().toString()"))) > 10, what="the passage, selected")
    assert not errors


def test_the_record_comes_as_files(site: Site, tmp_path: Path) -> None:
    alice = site.person("Alice")
    page = alice.open(site.document(alice))
    ready(page)
    compose_text(page)
    open_provenance(page)
    for words, ending in (("Record as JSON", "json"), ("Document as HTML", "html")):
        with page.expect_download() as download:
            page.get_by_role("link", name=words).click()
        assert download.value.suggested_filename == f"document-provenance.{ending}"
        download.value.save_as(tmp_path / ending)
    record = json.loads((tmp_path / "json").read_text())
    assert {span["origin"] for span in record["spans"]} == {"pasted", "assisted"}
    html = (tmp_path / "html").read_text()
    assert 'ai-disclosure="ai-assisted" ai-model="demo" ai-provider="interline"' in html
    assert "Herons are found on every continent but one." in html


def test_moving_ones_own_words_is_no_pasting(site: Site) -> None:
    alice = site.person("Alice")
    page = alice.open(site.document(alice))
    ready(page)
    write(page, "One two three.")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+x")
    page.keyboard.press("Control+v")
    expect(text_box(page)).to_have_text("One two three.")
    expect(page.locator("[data-origin]")).to_have_count(0)
