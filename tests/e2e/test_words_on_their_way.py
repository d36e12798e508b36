"""Words that somebody types into a block while another makes something else of it stand in what it became."""

from playwright.sync_api import expect

from tests.e2e.editor import ready, saved, text_box, text_of, write
from tests.e2e.site import Site
from tests.processes import wait_until

WHOLE = "First.\nSecond and what she wrote far away."


def test_words_typed_offline_stand_in_the_heading_that_their_paragraph_became(site: Site) -> None:
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    ready(hers)
    ready(his)
    write(hers, "First.\nSecond")
    saved(hers)
    wait_until(lambda: text_of(his) == text_of(hers), what="her words at his")
    hers.context.set_offline(True)
    write(hers, " and what she wrote far away.")
    text_box(his).focus()
    his.keyboard.press("Control+End")
    his.keyboard.press("Control+Alt+2")
    expect(text_box(his).locator("h2")).to_have_count(1)
    saved(his)
    hers.context.set_offline(False)
    for page in (hers, his):
        wait_until(lambda page=page: text_of(page) == WHOLE, what="her words in the heading")  # type: ignore[misc]
    saved(hers)
    hers.reload()
    ready(hers)
    wait_until(lambda: text_of(hers) == WHOLE, what="the same after a reload")
    expect(text_box(hers).locator("h2")).to_have_count(1)
