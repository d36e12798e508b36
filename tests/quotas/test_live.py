"""Live usage in the administration: what it says, and to whom."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.live import Row, live_usage
from apps.assistant.models import Generation
from apps.quotas.models import Pays, Tier
from apps.quotas.services import Request, settle
from apps.teams.models import Team, TeamMembership, TeamRole
from tests.cast import browser_of, make_document, make_user
from tests.quotas.conftest import give_pool
from tests.quotas.test_ledger_laws import start, used

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/assistant/liveusage/"


@pytest.fixture
def team(tiers: dict[str, Tier]) -> Team:
    """Alice's; half of what she asks for is answered and half is open, in her name and in the team's."""
    alice = make_user("Alice")
    team = Team.objects.create(name="Night desk")
    TeamMembership.objects.create(team=team, user=alice, role=TeamRole.OWNER)
    give_pool(team, Pays.TEAM_FIRST, tokens_per_day=10_000)
    document = make_document(alice)
    for tier, team_id, model in (("free", None, "openai/a"), ("pool-4", team.pk, "openai/b")):
        for state in ("done", "running"):
            generation = Generation.objects.create(
                id=uuid4(),
                document=document,
                user=alice,
                action="continue",
                input={},
                model=model,
                tier=tier,
                state=state,
            )
            request = Request(generation.pk, alice.pk, document.pk, "continue", model, 100, 200)
            start(request, team_id=team_id)
            if state == "done":
                settle(used(request, 90, 30))
    return team


def staff(*permissions: str) -> User:
    user = make_user("Root")
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def test_it_says_what_is_used_now_and_was_today_by_tier_person_pool_and_model(team: Team) -> None:
    usage = live_usage()
    assert usage.total == Row("", tokens=240, requests=2, held=600, open=2)
    of_one = {"tokens": 120, "requests": 1, "held": 300, "open": 1}
    assert usage.tables["Tier"] == [Row("Free", **of_one), Row("Pool", **of_one)]
    assert usage.tables["Person"] == [Row("alice@example.com", tokens=240, requests=2, held=600, open=2)]
    assert usage.tables["Team’s pool"] == [Row("Night desk", **of_one)]
    assert [row.name for row in usage.tables["Model"]] == ["openai/a", "openai/b", "m"]  # who answer, and who answered
    assert [(one.person, one.action, one.state) for one in usage.open] == [
        ("alice@example.com", "continue", "running")
    ] * 2
    assert usage.stranded == 0


def test_what_is_set_aside_for_nothing_that_runs_is_pointed_out(team: Team) -> None:
    Generation.objects.filter(state="running", model="openai/a").delete()
    usage = live_usage()
    assert usage.stranded == 1
    assert usage.stranded_since is not None
    assert usage.stranded_since <= timezone.now()
    assert "Set aside for nothing that runs" in browser_of(staff("view_liveusage")).get(PAGE).content.decode()


def test_the_page_and_its_parts_are_for_those_who_may_see_them(team: Team) -> None:
    browser = browser_of(staff("view_liveusage"))
    page = browser.get(PAGE).content.decode()
    assert 'data-live="/admin/assistant/liveusage/now/"' in page
    for words in ("Night desk", "alice@example.com", "openai/b", "By tier"):
        assert words in page
    assert "<script>" not in page
    part = browser.get(PAGE + "now/")
    assert part["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert "Night desk" in part.content.decode()
    cards = browser.get(PAGE + "now/?part=cards").content.decode()
    assert "Open generations" in cards
    assert "Night desk" not in cards
    assert "data-live" in browser.get("/admin/").content.decode()
    other = make_user("Other")
    other.is_staff = True
    other.save()
    assert browser_of(other).get(PAGE).status_code == 403
    assert browser_of(other).get(PAGE + "now/").status_code == 403
    assert "data-live" not in browser_of(other).get("/admin/").content.decode()


def test_where_nothing_happens_it_says_so(tiers: dict[str, Tier]) -> None:
    page = browser_of(staff("view_liveusage")).get(PAGE).content.decode()
    assert "Nobody waits for the assistant." in page
    assert page.count("Nothing yet today.") == 4
