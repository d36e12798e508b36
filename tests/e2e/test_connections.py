"""What people see of their connections: they come back by themselves, and permissions follow at once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.editor import PATIENT_MS, finished, ghost, ghost_text, ready, saved, status, text_box, text_of, write
from tests.e2e.network import Network, network_to
from tests.e2e.site import Site
from tests.e2e.test_pages import assert_accessible
from tests.processes import wait_until

PANELS = re.compile("/assets/panel-")
HELP = re.compile("/assets/help-")
AWAY = re.compile("Reconnecting…|Offline")

# What is asked within five seconds of a cut waits for the connection. Here a busy machine may take its time.
PATIENCE = """
    const schedule = window.setTimeout
    window.setTimeout = (run, wait, ...rest) => schedule(run, wait === 5000 ? 60_000 : wait, ...rest)
"""


@pytest.fixture
def network(site: Site) -> Iterator[Network]:
    with network_to(site.web.port) as running:
        yield running
        for context in site.browser.contexts:  # before its connections
            context.close()


def test_cut_connections_come_back_and_what_was_asked_meanwhile_is_sent_once(site: Site, network: Network) -> None:
    alice = site.person("Alice")
    alice.context.add_init_script(PATIENCE)
    page = alice.open(network.url + site.document(alice))
    ready(page)
    write(page, "The heron waits by the weir.")
    saved(page)
    network.is_down = True
    network.cut()
    expect(status(page)).to_have_text("Reconnecting…")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    network.is_down = False
    saved(page)
    finished(page)
    expect(ghost(page)).to_have_count(1)


def test_a_role_that_changes_is_seen_at_once(site: Site) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    page = bob.open(path)
    ready(page)
    members = alice.context.request.get(f"/api/v1{path}members/").json()["members"]
    address = f"{path}members/{next(one['id'] for one in members if one['role'] == 'editor')}/"
    alice.send("PATCH", address, {"role": "viewer"})
    expect(status(page)).to_have_text("View only")
    expect(text_box(page)).to_have_attribute("contenteditable", "false")
    expect(page.locator("#title")).to_have_attribute("readonly", "")
    expect(page.get_by_role("region", name="Notices")).to_contain_text("only read")
    alice.send("PATCH", address, {"role": "editor"})
    expect(status(page)).to_have_text("Saved")
    expect(text_box(page)).to_have_attribute("contenteditable", "true")
    write(page, "Allowed again.")
    saved(page)
    assert text_of(page) == "Allowed again."


def test_what_was_written_before_a_role_was_taken_away_is_offered_after_a_reload(site: Site, network: Network) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    page = bob.open(network.url + path)
    ready(page)
    text_box(page).focus()
    for _ in range(30):
        page.keyboard.press("Enter")
    saved(page)
    network.is_down = True
    network.cut()
    expect(status(page)).to_have_text(AWAY)
    write(page, "Words nobody got.")
    members = alice.context.request.get(f"/api/v1{path}members/").json()["members"]
    address = f"{path}members/{next(one['id'] for one in members if one['role'] == 'editor')}/"
    alice.send("PATCH", address, {"role": "viewer"})
    network.is_down = False
    ended = page.locator("#ended")
    expect(ended).to_contain_text("still in this browser", timeout=PATIENT_MS)
    page.on("dialog", lambda leaving: leaving.accept())
    page.reload()
    expect(status(page)).to_have_text("View only")
    expect(ended).to_contain_text("still in this browser")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    wait_until(lambda: page.evaluate("scrollY") > 500, what="the end of the text in sight")
    expect(ended).to_be_in_viewport(ratio=1)
    assert_accessible(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download a copy").click()
    assert "Words nobody got." in saving.value.path().read_text()
    page.get_by_role("button", name="Discard them").click()
    expect(ended).to_be_hidden()
    page.reload()
    expect(status(page)).to_have_text("View only")
    expect(ended).to_be_hidden()


def test_a_proposal_that_two_take_at_once_is_in_the_text_once(site: Site, network: Network) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(network.url + path)
    ready(hers)
    ready(his)
    write(hers, "The heron waits by the weir.")
    hers.keyboard.press("Control+Enter")
    finished(hers)
    wait_until(lambda: ghost_text(his) == ghost_text(hers), seconds=30, what="the same proposal in both browsers")
    proposed = text_of(hers) + ghost_text(hers)
    network.is_down = True
    network.cut()
    expect(status(his)).to_have_text(AWAY)
    for page in (hers, his):
        page.get_by_role("toolbar", name="Suggestion").get_by_role("button", name="Accept").click()
    wait_until(lambda: text_of(hers) == text_of(his) == proposed, what="the proposal in each browser")
    saved(hers)
    network.is_down = False
    expect(status(his)).to_have_text("Saved", timeout=PATIENT_MS)
    wait_until(lambda: text_of(hers) == text_of(his) == proposed, seconds=30, what="the proposal once in both browsers")
    saved(his)
    write(his, " Yes.")  # comes after whatever he brought with him
    wait_until(lambda: text_of(hers).endswith(" Yes."), what="his words at hers")
    assert text_of(hers) == text_of(his) == proposed + " Yes."


def test_a_proposal_taken_in_two_tabs_of_one_account_is_in_the_text_once(site: Site, network: Network) -> None:
    alice = site.person("Alice")
    path = site.document(alice)
    first, second = alice.open(network.url + path), alice.open(network.url + path)
    ready(first)
    ready(second)
    write(first, "The heron waits by the weir. Nobody moves.")
    for _ in "Nobody moves.":
        first.keyboard.press("ArrowLeft")
    first.keyboard.press("Control+Enter")
    finished(first)
    wait_until(lambda: ghost_text(second) == ghost_text(first), seconds=30, what="the same proposal in both tabs")
    proposed = f"The heron waits by the weir. {ghost_text(first)} Nobody moves."
    words = ghost_text(first).split()
    network.is_down = True
    network.cut()
    for page in (first, second):
        expect(status(page)).to_have_text(AWAY)
    bar = second.get_by_role("toolbar", name="Suggestion")
    for number in (1, 2):
        bar.get_by_role("button", name="Word").click()
        taken = " ".join(words[:number])
        wait_until(lambda taken=taken: f"weir. {taken} Nobody" in text_of(second), what="a word in one tab")  # type: ignore[misc]
    first.get_by_role("toolbar", name="Suggestion").get_by_role("button", name="Accept").click()
    wait_until(lambda: text_of(first) == proposed, what="all of it in the other")
    network.is_down = False
    for page in (first, second):
        expect(status(page)).to_have_text("Saved", timeout=PATIENT_MS)
    wait_until(lambda: text_of(first) == text_of(second) == proposed, seconds=30, what="the proposal once in both tabs")


def test_a_proposal_nobody_decided_about_is_there_after_a_reload_and_for_who_joins(site: Site) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers = alice.open(path)
    ready(hers)
    write(hers, "The heron waits by the weir, and the river carries leaves past its feet.")
    hers.keyboard.press("Control+Enter")
    finished(hers)
    proposal = ghost_text(hers)
    saved(hers)
    hers.reload()
    his = bob.open(path)
    wait_until(lambda: ghost_text(hers) == ghost_text(his) == proposal, what="the proposal in both browsers")
    hers.locator(".ProseMirror").focus()
    hers.keyboard.press("Control+End")
    hers.keyboard.press("Escape")
    expect(ghost(his)).to_have_count(0)
    hers.reload()
    ready(hers)
    expect(ghost(hers)).to_have_count(0)


def test_a_panel_that_could_not_be_loaded_says_so_and_is_there_after_another_try(site: Site, screenshots: Path) -> None:
    alice = site.person("Alice", viewport={"width": 390, "height": 760}, color_scheme="dark")
    page = alice.open(site.document(alice))
    ready(page)
    page.route(PANELS, lambda route: route.fulfill(status=404))
    page.locator("#rail-toggle").click()
    for tab in page.get_by_role("tab").all():
        tab.click()
        panel = page.locator(f"#{tab.get_attribute('aria-controls')}")
        expect(panel.get_by_role("alert")).to_contain_text("This panel could not be loaded.")
    page.keyboard.press("Tab")
    again = panel.get_by_role("button", name="Try again")
    for _ in range(4):  # the rail's own button and the panel, which scrolls
        if not again.evaluate("(again) => again === document.activeElement"):
            page.keyboard.press("Tab")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Reload the page")).to_be_visible()
    expect(again).to_be_focused()
    assert_accessible(page)
    page.screenshot(path=screenshots / "panel-failed.png")
    page.unroute(PANELS)
    page.keyboard.press("Enter")
    expect(panel.get_by_role("alert")).to_have_count(0)
    expect(panel).to_contain_text("versions")


def test_a_dialog_that_could_not_be_loaded_says_so_and_opens_after_another_try(site: Site, screenshots: Path) -> None:
    alice = site.person("Alice", viewport={"width": 390, "height": 760})
    page = alice.open(site.document(alice))
    ready(page)
    write(page, "The heron waits by the weir.")
    page.route(HELP, lambda route: route.abort())
    page.keyboard.press("Control+/")
    shown = page.get_by_role("region", name="Notices")
    expect(shown).to_contain_text("The list of keys could not be loaded. Your text is untouched.")
    page.screenshot(path=screenshots / "not-loaded.png")
    again = shown.get_by_role("button", name="Try again")
    again.press("Enter")
    expect(shown).to_contain_text("still could not be loaded")
    expect(again).to_be_focused()
    assert_accessible(page)
    page.screenshot(path=screenshots / "not-loaded-again.png")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1280, "height": 760})
    page.screenshot(path=screenshots / "not-loaded-again-wide-dark.png", animations="disabled")
    page.unroute(HELP)
    again.press("Enter")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    expect(shown.get_by_role("button")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(text_box(page)).to_be_focused()


def test_loading_the_page_anew_for_code_that_is_gone_loses_nothing_typed(site: Site) -> None:
    alice = site.person("Alice")
    page = alice.open(site.document(alice))
    ready(page)
    write(page, "The heron waits by the weir.")
    page.locator("#rail-toggle").click()
    page.get_by_role("tab", name="Story", exact=True).click()
    page.get_by_role("button", name="Add an entry").click()
    page.get_by_label("Note").fill("It never moves.")
    page.route(HELP, lambda route: route.abort())
    page.locator("#help").click()
    page.get_by_role("button", name="Try again").click()
    page.on("dialog", lambda question: question.dismiss())
    with page.expect_event("dialog") as asked:
        page.get_by_role("button", name="Reload the page").click()
    assert asked.value.type == "beforeunload"
    expect(page.get_by_label("Note")).to_have_value("It never moves.")
