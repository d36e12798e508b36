"""Two people take one proposal, or parts of it, without knowing of each other: it stands in the text once."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import finished, ghost, ready, saved, text_box, text_of, write
from tests.e2e.site import Site
from tests.processes import wait_until
from tests.provider.fixture import Provider

TYPED = "The heron waits."
WHOLE = f"{TYPED} It has all day.\nThen the river rose."


def take_word(page: Page, words: int = 1) -> None:
    for _ in range(words):
        page.keyboard.press("Control+ArrowRight")


def take_all(page: Page) -> None:
    page.keyboard.press("Tab")


def put_caret_at_end(page: Page) -> None:
    text_box(page).focus()
    page.keyboard.press("Control+End")


@pytest.mark.parametrize(
    ("away", "here"),
    [
        pytest.param(4, None, id="the first paragraph, and all"),
        pytest.param(None, 2, id="all, and some words"),
        pytest.param(None, None, id="all, and all"),
    ],
)
def test_a_proposal_taken_offline_and_online_stands_once(
    provided_site: Site, provider: Provider, away: int | None, here: int | None
) -> None:
    provider.behave(text="_It_has_all_day.\n\nThen_the_river_rose.")
    alice, bob = provided_site.person("Alice"), provided_site.person("Bob")
    path = provided_site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    ready(hers)
    ready(his)
    write(hers, TYPED)
    wait_until(lambda: text_of(his) == TYPED, what="her words at his")
    hers.keyboard.press("Control+Enter")
    finished(hers)
    expect(ghost(his)).to_contain_text("rose.")
    hers.context.set_offline(True)
    for page, words in ((hers, away), (his, here)):
        put_caret_at_end(page)
        take_word(page, words) if words else take_all(page)
        expect(text_box(page)).to_contain_text("It has" if words else "rose.")
    saved(his)
    hers.context.set_offline(False)
    saved(hers)
    wait_until(lambda: text_of(hers) == text_of(his) == WHOLE, what="the proposal, once, in both browsers")
    expect(ghost(hers)).to_have_count(0)
    expect(ghost(his)).to_have_count(0)
    write(hers, " Hers.")
    write(his, " His.")
    saved(hers)
    saved(his)
    wait_until(lambda: text_of(hers) == text_of(his), what="the same text in both browsers")
    assert len(text_of(hers)) == len(f"{WHOLE} Hers. His.")
