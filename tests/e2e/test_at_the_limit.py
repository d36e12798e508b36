"""Tokens as a writer meets them: what is left before anything is asked, a warning, and what is offered at the limit."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.editor import finished, ghost, ghost_text, ready, write
from tests.e2e.site import Person, Site
from tests.e2e.test_chat import ask, open_chat
from tests.e2e.test_pages import LOOKS, assert_accessible, watch_console
from tests.e2e.test_rewrites import shorten
from tests.e2e.test_suggestions import look_for
from tests.e2e.test_writing_forward import choose
from tests.processes import wait_until
from tests.provider.fixture import Provider

OFFER = "Use the smaller model"
TEXT = "The heron waits by the weir, and nobody in the village has seen it move. "
NOTHING = 10  # tokens: too few for anything


def give(site: Site, person: Person, *, tokens: int, used: int = 0, smaller: int | None = None) -> None:
    """Give somebody a tier of their own, of which `used` tokens are gone today."""
    with psycopg.connect(site.web.environment["DATABASE_URL"], autocommit=True) as database:
        row = database.execute("SELECT id FROM accounts_user WHERE email = %s", [person.email]).fetchone()
        assert row is not None
        made = database.execute(
            "INSERT INTO quotas_tier (name, label, rank, is_default, price_hint, tokens_per_day,"
            " smaller_tokens_per_day) VALUES (%s, 'Own', 9, false, '', %s, %s) RETURNING id",
            [f"own-{uuid4().hex[:12]}", tokens, smaller],
        ).fetchone()
        assert made is not None
        database.execute(
            "INSERT INTO quotas_assignment (user_id, tier_id, changed_at) VALUES (%s, %s, now())", [row[0], made[0]]
        )
        database.execute(
            "INSERT INTO quotas_dailyuse (user_id, day, used) VALUES (%s, (now() AT TIME ZONE 'UTC')::date, %s)",
            [row[0], used],
        )


@pytest.fixture(scope="module")
def _smaller_route(running_provided_site: Site) -> None:
    """An administrator offers a smaller model for everything, in the administration."""
    site = running_provided_site
    admin = site.admin("Carol")
    page = admin.open("/admin/llm/route/add/")
    page.get_by_label("smaller model").check()
    page.get_by_label("Charged percent").fill("50")
    page.locator("#id_models-0-model").fill("openai/small")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible(timeout=60_000)
    admin.context.close()


def offer_in(place: Page | Locator) -> Locator:
    return place.get_by_role("button", name=OFFER)


def open_panel(page: Page, name: str) -> Locator:
    page.get_by_role("button", name="Panels").click()
    page.get_by_role("tab", name=re.compile(name)).click()
    return page.get_by_role("tabpanel", name=re.compile(name))


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_left_is_seen_before_anything_is_asked_and_gently_told_from_four_fifths_on(
    provided_site: Site, look: str, screenshots: Path
) -> None:
    alice, bob = (provided_site.person(name, **LOOKS[look]) for name in ("Alice", "Bob"))
    give(provided_site, alice, tokens=100_000, used=70_000)
    give(provided_site, bob, tokens=100_000, used=81_000)
    hers = alice.open(provided_site.document(alice))
    ready(hers)
    left = hers.locator("#quota")
    expect(left).to_have_attribute("data-tone", "calm")
    if look != "narrow":
        expect(left).to_contain_text(re.compile(r"30K tokens left today · more from (\S+ )*\d\d:\d\d"))
    page = bob.open(provided_site.document(bob))
    errors = watch_console(page)
    ready(page)
    left = page.locator("#quota")
    expect(left).to_have_attribute("data-tone", "low")
    expect(left).to_contain_text("19K left" if look == "narrow" else "19K tokens left today")
    expect(left).to_have_attribute("title", re.compile(r"81 % are used\. There are more from"))
    expect(page.locator("#announcements")).to_contain_text("81 % are used")
    expect(page.locator(".toast")).to_have_count(0)  # gently
    write(page, TEXT)
    page.screenshot(path=screenshots / f"quota-low-{look}.png")
    page.keyboard.press("Control+Enter")
    finished(page)  # and nothing is in the way
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not errors


@pytest.mark.usefixtures("_smaller_route")
@pytest.mark.parametrize("look", LOOKS)
def test_at_the_limit_a_continuation_is_offered_on_a_smaller_model(
    provided_site: Site, provider: Provider, look: str, screenshots: Path
) -> None:
    alice = provided_site.person("Alice", **LOOKS[look])
    give(provided_site, alice, tokens=NOTHING, smaller=50_000)
    page = alice.open(provided_site.document(alice))
    errors = watch_console(page)
    ready(page)
    write(page, TEXT)
    page.keyboard.press("Control+Enter")
    toast = page.locator(".toast")
    expect(toast).to_contain_text("A smaller model can do it now")
    expect(offer_in(toast)).to_have_count(1)
    assert_accessible(page)
    page.screenshot(path=screenshots / f"offer-ghost-{look}.png")
    assert not provider.requests
    offer_in(toast).click()
    finished(page)
    assert ghost_text(page)
    assert {one.body["model"] for one in provider.requests} == {"small"}
    expect(toast).to_have_count(0)
    page.keyboard.press("Tab")
    expect(ghost(page)).to_have_count(0)
    assert not errors


@pytest.mark.usefixtures("_smaller_route")
@pytest.mark.parametrize("look", LOOKS)
def test_at_the_limit_the_rail_offers_the_smaller_model_once_for_everything(
    provided_site: Site, provider: Provider, look: str, screenshots: Path
) -> None:
    alice = provided_site.person("Alice", **LOOKS[look])
    give(provided_site, alice, tokens=NOTHING, smaller=50_000)
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, TEXT)
    look_for(page, "Clarity", "Tone")
    panel = page.get_by_role("tabpanel", name=re.compile("Suggestions"))
    expect(panel.get_by_text("A smaller model can do it now")).to_have_count(2)
    expect(offer_in(panel)).to_have_count(1)
    assert_accessible(page)
    page.screenshot(path=screenshots / f"offer-rail-{look}.png")
    offer_in(panel).click()
    expect(panel.get_by_text("A smaller model can do it now")).to_have_count(0)
    expect(panel.locator(".run[data-state=running], .run[data-state=waiting]")).to_have_count(0)
    assert [one.body["model"] for one in provider.requests] == ["small", "small"]


@pytest.mark.usefixtures("_smaller_route")
@pytest.mark.parametrize("look", LOOKS)
def test_at_the_limit_grammar_is_offered_on_a_smaller_model_and_in_the_browser(
    provided_site: Site, provider: Provider, look: str, screenshots: Path
) -> None:
    alice, bob = (provided_site.person(name, **LOOKS[look]) for name in ("Alice", "Bob"))
    give(provided_site, alice, tokens=NOTHING, smaller=50_000)
    give(provided_site, bob, tokens=NOTHING)
    page = alice.open(provided_site.document(alice))
    ready(page)
    write(page, TEXT)
    panel = open_panel(page, "Grammar")
    panel.get_by_role("button", name="Read the whole text").click()
    expect(offer_in(panel)).to_have_count(1)
    page.screenshot(path=screenshots / f"offer-grammar-{look}.png")
    offer_in(panel).click()
    expect(offer_in(panel)).to_have_count(0)
    wait_until(lambda: provider.requests, seconds=60, what="a request for the smaller model")
    assert_accessible(page)
    his = bob.open(provided_site.document(bob))
    his.evaluate("localStorage.setItem('interline.grammar.local', 'off')")
    his.reload()
    ready(his)
    write(his, TEXT)
    panel = open_panel(his, "Grammar")
    panel.get_by_role("button", name="Read the whole text").click()
    button = panel.get_by_role("button", name="Check in this browser")
    expect(button).to_have_count(1)
    assert_accessible(his)
    his.screenshot(path=screenshots / f"offer-browser-{look}.png")
    button.click()
    expect(panel.get_by_text("The check in this browser goes on.")).to_be_visible()
    expect(panel.get_by_label("Check in this browser")).to_be_checked()
    assert {one.body["model"] for one in provider.requests} == {"small"}


def rewrite(page: Page) -> Locator:
    shorten(page)
    return page.get_by_role("toolbar", name="Rewrite")


def draft(page: Page) -> Locator:
    choose(page, "outline", "Outline")
    return page.get_by_role("toolbar", name="Draft")


def titles(page: Page) -> Locator:
    choose(page, "titles", "Titles")
    return page.get_by_role("dialog", name="Titles")


def chat(page: Page) -> Locator:
    ask(open_chat(page), "Where does it wait?")
    return page.locator(".toast")


@pytest.mark.usefixtures("_smaller_route")
@pytest.mark.parametrize("tool", [rewrite, draft, titles, chat], ids=lambda tool: tool.__name__)
def test_at_the_limit_every_other_tool_goes_on_with_the_smaller_model(
    provided_site: Site, provider: Provider, tool: Callable[[Page], Locator], screenshots: Path
) -> None:
    alice = provided_site.person("Alice")
    give(provided_site, alice, tokens=NOTHING, smaller=50_000)
    provider.behave(text="One_heron\nTwo_herons\n")
    page = alice.open(provided_site.document(alice))
    errors = watch_console(page)
    ready(page)
    write(page, TEXT)
    place = tool(page)
    expect(offer_in(place)).to_have_count(1, timeout=30_000)
    assert_accessible(page)
    page.screenshot(path=screenshots / f"offer-{tool.__name__}.png")
    assert not provider.requests
    offer_in(place).click()
    expect(page.get_by_text("One heron").first).to_be_visible(timeout=30_000)
    expect(offer_in(page)).to_have_count(0)
    assert {one.body["model"] for one in provider.requests} == {"small"}
    assert not errors
