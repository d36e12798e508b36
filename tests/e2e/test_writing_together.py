"""The main job: two people write in one document, the assistant continues, everything is there afterwards."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.editor import finished, ghost, ghost_text, ready, saved, status, text_box, text_of, write
from tests.e2e.site import Site
from tests.processes import wait_until

LARGE_TIMEOUT_MS = 90_000


def open_together(site: Site) -> tuple[Page, Page]:
    """Return one new document as Alice, its owner, and Bob, an editor, have it open."""
    alice, bob = site.person("Alice"), site.person("Bob")
    path = site.document(alice, editor=bob)
    hers, his = alice.open(path), bob.open(path)
    ready(hers)
    ready(his)
    return hers, his


def test_two_people_see_each_others_words_and_cursors(site: Site) -> None:
    hers, his = open_together(site)
    write(hers, "The heron waits by the weir.")
    expect(text_box(his)).to_contain_text("The heron waits by the weir.")
    expect(his.locator('.remote-caret[data-name*="Alice"]')).to_be_attached()
    write(his, " It has all day.")
    expect(text_box(hers)).to_contain_text("It has all day.")
    saved(hers)
    saved(his)
    wait_until(lambda: text_of(hers) == text_of(his), what="the same text in both browsers")


def test_typing_at_the_same_time_converges(site: Site) -> None:
    hers, his = open_together(site)
    for word in ("one ", "two ", "three ", "four ", "five "):
        write(hers, word)
        write(his, word.upper())
    saved(hers)
    saved(his)
    wait_until(lambda: text_of(hers) == text_of(his), what="the same text in both browsers")
    letters = sorted("".join(text_of(hers).split()))  # each may have begun a paragraph
    assert letters == sorted("onetwothreefourfiveONETWOTHREEFOURFIVE")


def test_a_continuation_streams_to_both_and_tab_takes_it(site: Site) -> None:
    hers, his = open_together(site)
    write(hers, "The heron waits by the weir, and the river carries leaves past its feet.")
    hers.keyboard.press("Control+Enter")
    expect(ghost(hers)).to_be_visible()
    expect(ghost(his)).to_be_visible()
    finished(hers)
    wait_until(lambda: ghost_text(hers) == ghost_text(his), what="the same proposal in both browsers")
    proposal = ghost_text(hers)
    assert len(proposal.split()) > 3
    before = text_of(hers)
    hers.keyboard.press("Tab")
    expect(ghost(hers)).to_have_count(0)
    expect(ghost(his)).to_have_count(0)
    taken = hers.locator("[data-origin=ai]")
    expect(taken.first).to_be_visible()
    expect(his.locator("[data-origin=ai]").first).to_be_visible()
    wait_until(lambda: text_of(hers) == before + proposal, what="the proposal in the text")
    wait_until(lambda: text_of(hers) == text_of(his), what="the same text in both browsers")


def test_what_the_other_types_around_a_continuation_stays_and_at_its_place_ends_it(site: Site) -> None:
    hers, his = open_together(site)
    write(hers, "The heron waits by the weir.")
    wait_until(lambda: text_of(his) == text_of(hers), what="her words at his")
    hers.keyboard.press("Control+Enter")
    expect(ghost(his)).to_be_visible()
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    his.keyboard.type("Now: ")
    typed = "Now: The heron waits by the weir."
    wait_until(lambda: text_of(hers) == typed, what="his words at hers")
    finished(hers)
    proposal = ghost_text(hers)
    hers.get_by_role("toolbar", name="Suggestion").get_by_role("button", name="Accept").click()
    expect(ghost(his)).to_have_count(0)
    wait_until(lambda: text_of(hers) == text_of(his) == typed + proposal, what="the proposal in both browsers")
    text_box(hers).focus()
    hers.keyboard.press("Control+z")
    wait_until(lambda: text_of(hers) == text_of(his) == typed, what="his words after her undo")

    write(hers, "")
    hers.keyboard.press("Control+Enter")
    expect(ghost(his)).to_be_visible()
    write(his, "#")
    expect(ghost(hers)).to_have_count(0)
    expect(ghost(his)).to_have_count(0)
    wait_until(lambda: text_of(hers) == text_of(his) == typed + "#", what="his words, and nothing over them")


def test_everything_is_there_after_the_server_was_killed(site: Site) -> None:
    alice = site.person("Alice")
    path = site.document(alice)
    page = alice.open(path)
    ready(page)
    write(page, "Written before the crash.")
    saved(page)
    site.web.kill()
    write(page, " Written while it was down.")
    site.web.start()
    saved(page)
    page.close()
    fresh = alice.open(path)
    fresh.evaluate("indexedDB.databases().then((all) => Promise.all(all.map((d) => indexedDB.deleteDatabase(d.name))))")
    fresh.reload()
    expect(text_box(fresh)).to_have_text("Written before the crash. Written while it was down.")


def test_a_viewer_reads_and_cannot_write(site: Site) -> None:
    alice, carol = site.person("Alice"), site.person("Carol")
    path = site.document(alice, viewer=carol)
    hers, theirs = alice.open(path), carol.open(path)
    ready(hers)
    write(hers, "Look, do not touch.")
    wait_until(lambda: text_of(theirs) == "Look, do not touch.", what="the text at the viewer's")
    expect(text_box(theirs)).to_have_attribute("contenteditable", "false")


def test_edits_made_offline_are_kept_and_merged(site: Site) -> None:
    hers, his = open_together(site)
    write(hers, "Start.")
    expect(text_box(his)).to_contain_text("Start.")
    hers.context.set_offline(True)
    write(hers, " Offline words.")
    write(his, " Online words.")
    saved(his)
    hers.context.set_offline(False)
    saved(hers)
    expect(text_box(his)).to_contain_text("Offline words.")
    expect(text_box(hers)).to_contain_text("Online words.")
    wait_until(lambda: text_of(hers) == text_of(his), what="the same text in both browsers")


def test_undo_takes_back_only_ones_own_edits(site: Site) -> None:
    hers, his = open_together(site)
    write(hers, "Mine. ")
    expect(text_box(his)).to_contain_text("Mine.")
    write(his, "Yours.")
    expect(text_box(hers)).to_contain_text("Yours.")
    hers.keyboard.press("Control+z")
    expect(text_box(hers)).not_to_contain_text("Mine.")
    wait_until(lambda: text_of(his) == "Yours.", what="only his own words")


PASTE = """(text) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData("text/plain", text)
    const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })
    document.querySelector(".ProseMirror").dispatchEvent(paste)
}"""


def test_more_than_a_frame_takes_written_without_a_server_is_saved_on_return(site: Site) -> None:
    hers, his = open_together(site)
    write(hers, "Start.")
    saved(hers)
    site.web.kill()
    expect(status(hers)).not_to_have_text("Saved")
    paragraph = "The heron waits by the weir, and the river carries leaves past its feet. " * 40
    text_box(hers).focus()
    hers.evaluate(PASTE, "\n\n".join(f"{number} {paragraph}" for number in range(500)) + "\n\nThe end.")
    expect(text_box(hers)).to_contain_text("The end.")
    site.web.start()
    expect(status(hers)).to_have_text("Saved", timeout=LARGE_TIMEOUT_MS)
    expect(text_box(his)).to_contain_text("The end.", timeout=LARGE_TIMEOUT_MS)
    assert len(text_of(hers)) > 1_400_000
    wait_until(lambda: text_of(hers) == text_of(his), seconds=60, what="all of it at his")


def test_people_write_on_while_postgresql_is_away_and_the_status_says_so(site: Site) -> None:
    hers, his = open_together(site)
    write(hers, "Before.")
    saved(hers)
    with site.without_database():
        write(hers, " During.")
        expect(text_box(his)).to_contain_text("During.")
        write(his, " Both.")
        expect(text_box(hers)).to_contain_text("Both.")
        for page in (hers, his):
            expect(status(page)).to_have_text("Not saved yet", timeout=LARGE_TIMEOUT_MS)
            expect(status(page)).to_have_attribute("title", re.compile("kept in this browser"))
    saved(hers)
    saved(his)
    wait_until(lambda: text_of(hers) == text_of(his) == "Before. During. Both.", what="all words at both")
