"""Rewrites of a selection, with somebody else in the document."""

from playwright.sync_api import Page, expect

from tests.e2e.editor import ready, saved, text_box, write
from tests.e2e.site import Site
from tests.e2e.test_pages import assert_accessible, watch_console
from tests.e2e.test_suggestions import open_together, own_text
from tests.processes import wait_until
from tests.provider.fixture import Provider

TEXT = "In order to cross the river, we used the very old bridge, due to the fact that it was there."


def bar(page: Page, name: str) -> None:
    page.get_by_role("toolbar", name="Rewrite").get_by_role("button", name=name, exact=True).click()


def open_form(page: Page) -> None:
    """Select everything and ask what can be done with it, by the keyboard."""
    text_box(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+Shift+R")
    expect(page.get_by_label("Tell the assistant what to change")).to_be_focused()


def shorten(page: Page) -> None:
    open_form(page)
    page.get_by_role("button", name="Shorten").click()


def finished(page: Page) -> None:
    expect(page.get_by_role("toolbar", name="Rewrite").get_by_role("button", name="Try again")).to_be_visible(
        timeout=30_000
    )


def test_a_rewrite_is_seen_by_both_kept_and_undone(site: Site) -> None:
    hers, his, _ = open_together(site)
    errors = watch_console(hers)
    write(hers, TEXT)
    saved(hers)
    shorten(hers)
    expect(his.locator(".rewrite-range").first).to_be_visible()
    finished(hers)
    assert own_text(hers) == own_text(his) == TEXT
    assert_accessible(hers)
    bar(hers, "Keep")
    wait_until(lambda: own_text(hers) == own_text(his) != TEXT, what="the new words in both browsers")
    expect(his.locator(".rewrite-range")).to_have_count(0)
    expect(his.locator("[data-origin=ai]").first).to_be_attached()
    hers.keyboard.press("Control+z")
    wait_until(lambda: own_text(hers) == own_text(his) == TEXT, what="the old words after undo")
    assert not errors


def test_what_the_other_types_inside_is_not_written_over(site: Site) -> None:
    hers, his, _ = open_together(site)
    write(hers, TEXT)
    wait_until(lambda: own_text(his) == TEXT, what="her text at his")
    shorten(hers)
    expect(his.locator(".rewrite-range").first).to_be_visible()
    text_box(his).focus()
    his.keyboard.press("Control+Home")
    his.keyboard.press("ArrowRight")
    his.keyboard.press("ArrowRight")
    his.keyboard.type("side")
    typed = "Inside" + TEXT[2:]
    wait_until(lambda: own_text(hers) == typed, what="his words at hers")
    toolbar = hers.get_by_role("toolbar", name="Rewrite")
    expect(toolbar).to_contain_text("written for an older text", timeout=30_000)
    expect(toolbar.get_by_role("button", name="Keep", exact=True)).to_be_hidden()
    bar(hers, "Insert below")
    wait_until(lambda: own_text(hers).startswith(typed + "\n"), what="the new version below the old one")
    wait_until(lambda: own_text(hers) == own_text(his), what="the same text in both browsers")


def test_tries_are_compared_and_a_part_is_kept(site: Site) -> None:
    alice = site.person("Alice")
    page = alice.open(site.document(alice))
    ready(page)
    write(page, TEXT)
    shorten(page)
    finished(page)
    bar(page, "Try again")
    finished(page)
    expect(page.locator(".rewrite-count", has_text="2/2")).to_be_visible()
    bar(page, "Compare")
    page.get_by_role("dialog").get_by_role("button", name="Show this one").first.click()
    expect(page.locator(".rewrite-count", has_text="1/2")).to_be_visible()
    bar(page, "Keep part")
    boxes = page.get_by_role("dialog").get_by_role("checkbox")
    expect(boxes.nth(1)).to_be_visible()
    for index in range(1, boxes.count()):
        boxes.nth(index).uncheck()
    page.get_by_role("button", name="Keep what is ticked").click()
    expect(page.get_by_role("toolbar", name="Rewrite")).to_be_hidden()
    wait_until(lambda: own_text(page) != TEXT, what="the part in the text")
    assert own_text(page).endswith("it was there.")


def test_a_tone_goes_as_far_as_wished_and_a_translation_into_any_language(
    provided_site: Site, provider: Provider
) -> None:
    alice = provided_site.person("Alice")
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, TEXT)
    provider.behave(text="We_crossed_by_the_bridge.")
    open_form(page)
    page.get_by_label("Tone").select_option("formal")
    page.get_by_label("How far").select_option("strongly")
    page.get_by_role("button", name="Change tone").click()
    finished(page)
    (asked,) = (request.prompt for request in provider.requests if "Task: tone." in request.prompt)
    assert "Move the selection strongly towards that tone." in asked
    assert "\nformal\n" in asked
    bar(page, "Discard")
    provider.behave(text="Wy_gongen_oer_de_brêge.")
    open_form(page)
    page.get_by_label("Into any language").fill("West Frisian")
    page.get_by_role("button", name="Translate").click()
    finished(page)
    (asked,) = (request.prompt for request in provider.requests if "Task: translate." in request.prompt)
    assert "\nWest Frisian\n" in asked
    assert own_text(page) == TEXT, "nothing is in the document before it is kept"
    bar(page, "Keep")
    wait_until(lambda: own_text(page) == "Wy gongen oer de brêge.", what="the translation in the text")
