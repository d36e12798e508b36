"""Where a network blocks WebSockets, people write together and get the assistant all the same, by themselves."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.editor import finished, ghost, ghost_text, ready, saved, text_box, text_of, write
from tests.e2e.network import Network, network_to
from tests.e2e.site import Person, Site
from tests.processes import wait_until

PATIENCE_MS = 45_000  # every frame is a request, and the browsers share the machine with everything else


@pytest.fixture
def network(site: Site) -> Iterator[Network]:
    with network_to(site.web.port) as running:
        yield running
        for context in site.browser.contexts:  # before its connections
            context.close()


def open_through(network: Network, person: Person, path: str) -> Page:
    page = person.open(network.url + path)
    ready(page)
    return page


def sockets_over_http(page: Page) -> list[str]:
    """Return the kinds of requests of the fallback that the page will make from now on, as they come."""
    kinds: list[str] = []

    def note(request: Request) -> None:
        if "/fallback/sessions/" in request.url and request.method == "GET":
            kinds.append("poll" if "poll=" in request.url else "stream")

    page.on("request", note)
    return kinds


@pytest.mark.parametrize(("upgrades", "collects"), [("refuse", False), ("hang", False), ("refuse", True)])
def test_people_write_together_and_a_continuation_streams(
    site: Site, network: Network, upgrades: Literal["refuse", "hang"], collects: bool
) -> None:
    network.upgrades, network.collects_streams = upgrades, collects
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers = alice.context.new_page()
    kinds = sockets_over_http(hers)
    hers.goto(network.url + path)
    ready(hers)
    his = bob.open(path)  # by WebSocket
    ready(his)
    write(hers, "The heron waits by the weir, and the river carries leaves past its feet.")
    expect(text_box(his)).to_contain_text("past its feet.", timeout=PATIENCE_MS)
    expect(his.locator('.remote-caret[data-name*="Alice"]')).to_be_attached()
    write(his, " It has all day.")
    expect(text_box(hers)).to_contain_text("It has all day.", timeout=PATIENCE_MS)
    hers.keyboard.press("Control+Enter")
    expect(ghost(his)).to_be_visible()
    lengths = {0}

    def grows() -> bool:
        lengths.add(len(ghost_text(hers)))
        return len(lengths) > 3

    wait_until(grows, seconds=30, what="a proposal that grows")
    finished(hers)
    wait_until(lambda: ghost_text(hers) == ghost_text(his), what="the same proposal in both browsers")
    hers.keyboard.press("Tab")
    expect(ghost(his)).to_have_count(0)
    saved(hers)
    wait_until(lambda: text_of(hers) == text_of(his), what="the same text in both browsers")
    assert kinds
    assert (kinds[-1] == "poll") == collects


def test_it_returns_to_websockets_when_they_pass_again(site: Site, network: Network) -> None:
    network.upgrades = "refuse"
    alice = site.person("Alice")
    page = open_through(network, alice, site.document(alice))
    network.upgrades = "pass"
    with page.expect_websocket(lambda socket: "/ws/sync/" in socket.url):
        page.evaluate("window.dispatchEvent(new Event('online'))")  # the laptop is on another network
    ready(page)
    kinds = sockets_over_http(page)
    write(page, "By WebSocket.")
    saved(page)
    assert kinds == []


def test_the_finding_outlives_a_reload(site: Site, network: Network) -> None:
    network.upgrades = "refuse"
    alice = site.person("Alice")
    page = open_through(network, alice, site.document(alice))
    write(page, "Before.")
    saved(page)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.reload()
    ready(page)
    expect(text_box(page)).to_contain_text("Before.")
    assert sockets == []


def test_a_cut_loses_nothing(site: Site, network: Network) -> None:
    network.upgrades = "refuse"
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers, his = open_through(network, alice, path), bob.open(path)
    ready(his)
    for word in ("one ", "two ", "three ", "four "):
        write(hers, word)
        network.cut()
        write(his, word.upper())
    saved(hers)
    saved(his)
    wait_until(lambda: text_of(hers) == text_of(his), what="the same text in both browsers")
    letters = sorted("".join(text_of(hers).split()))  # both may have begun a paragraph
    assert letters == sorted("onetwothreefourONETWOTHREEFOUR")


def test_a_restart_of_the_site_is_no_reason_to_leave_websockets(site: Site, network: Network) -> None:
    alice = site.person("Alice")
    page = open_through(network, alice, site.document(alice))
    kinds = sockets_over_http(page)
    site.web.kill()
    write(page, "Written while it was away.")
    site.web.start()
    saved(page)
    assert kinds == []
