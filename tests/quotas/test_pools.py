"""Team pools: which one pays, by the administrator's rule, and what people see of it."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Invalid
from apps.moderation.models import AuditRecord
from apps.quotas.allowances import allowance_of_team, today
from apps.quotas.checks import find_differences
from apps.quotas.models import DailyUse, Entry, Override, Pays, Reservation, TeamDailyUse, Tier
from apps.quotas.payers import next_payer
from apps.quotas.services import Used, give_back, settle
from apps.quotas.tasks import check_ledger
from apps.teams.models import Team, TeamMembership, TeamRole
from tests.assistant.conftest import House
from tests.cast import browser_of, make_user
from tests.quotas.conftest import give, give_pool
from tests.quotas.test_ledger_laws import outcomes_of, request_of, start, used

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(alice: User) -> Team:
    made = Team.objects.create(name="Night desk")
    TeamMembership.objects.create(team=made, user=alice, role=TeamRole.MEMBER)
    return made


# The rule, what the person and the team have left, and who pays for 100 tokens ("": nobody).
RULES = [
    (Pays.PERSONAL_FIRST, 100, 100, "person"),
    (Pays.PERSONAL_FIRST, 99, 100, "team"),
    (Pays.PERSONAL_FIRST, 99, 99, ""),
    (Pays.TEAM_FIRST, 100, 100, "team"),
    (Pays.TEAM_FIRST, 100, 99, "person"),
    (Pays.TEAM_ONLY, 100, 100, "team"),
    (Pays.TEAM_ONLY, 100, 99, ""),
    (Pays.PERSONAL_ONLY, 100, 100, "person"),
    (Pays.PERSONAL_ONLY, 99, 100, ""),
]


@pytest.mark.parametrize(("rule", "own", "pool", "payer"), RULES)
def test_the_rule_says_which_one_pays(alice: User, team: Team, rule: Pays, own: int, pool: int, payer: str) -> None:
    give(alice, tokens_per_day=own)
    give_pool(team, rule, tokens_per_day=pool)
    request = request_of(alice, 40, 60)
    outcome = outcomes_of(lambda: start(request, team_id=team.pk), 1)
    assert outcome == ({"passed": 1} if payer else {"quota_exceeded": 1})
    if payer:
        assert Reservation.objects.get().team_id == (team.pk if payer == "team" else None)
        settle(used(request, 40, 10))
        entry = Entry.objects.get()
        assert (entry.user, entry.team_id, entry.tokens) == (alice, team.pk if payer == "team" else None, 50)
        assert TeamDailyUse.objects.filter(used=50, reserved=0).exists() == (payer == "team")
        assert DailyUse.objects.filter(used=50, reserved=0).exists() == (payer == "person")
    assert find_differences() == []


def test_a_guest_and_other_documents_do_not_draw_on_the_pool(alice: User, team: Team) -> None:
    give_pool(team, Pays.TEAM_ONLY, tokens_per_day=1_000)
    bob = make_user("Bob")
    start(request_of(bob, 10, 10), team_id=team.pk)
    start(request_of(alice, 10, 10))
    assert list(Reservation.objects.values_list("team_id", flat=True)) == [None, None]


def test_of_a_hundred_starts_by_a_whole_team_at_once_exactly_as_many_pass_as_the_pool_has(team: Team) -> None:
    people = [make_user(f"P{number}") for number in range(5)]
    for person in people:
        TeamMembership.objects.create(team=team, user=person, role=TeamRole.MEMBER)
        give(person, tokens_per_day=75)  # each has room for one of their own
    give_pool(team, Pays.TEAM_FIRST, tokens_per_day=40 * 75 + 74)
    turns = iter(range(100))
    outcomes = outcomes_of(lambda: start(request_of(people[next(turns) % 5], 25, 50), team_id=team.pk), 100)
    assert outcomes == {"passed": 45, "quota_exceeded": 55}
    paid = Counter(Reservation.objects.values_list("team_id", flat=True))
    assert paid == {team.pk: 40, None: 5}
    assert find_differences() == []


def test_more_than_was_reserved_is_charged_as_far_as_the_pool_goes(alice: User, team: Team) -> None:
    give_pool(team, Pays.TEAM_ONLY, tokens_per_day=100)
    request = request_of(alice, 40, 20)
    start(request, team_id=team.pk)
    settle(used(request, 40, 90))
    entry = Entry.objects.get()
    assert (entry.tokens, entry.uncharged) == (100, 30)
    assert allowance_of_team(team.pk).left == 0
    assert not DailyUse.objects.exists()


def test_an_exception_for_the_team_holds_for_its_time(alice: User, team: Team) -> None:
    give_pool(team, Pays.TEAM_ONLY, tokens_per_day=100)
    now = timezone.now()
    override = Override.objects.create(
        team=team, reason="deadline", starts_at=now, ends_at=now + timedelta(days=1), tokens_per_day=5_000
    )
    assert allowance_of_team(team.pk).left == 5_000
    assert allowance_of_team(team.pk, now + timedelta(days=2)).left == 100
    assert "Night desk" in str(override)


def test_tokens_are_given_back_to_the_pool_and_only_as_many_as_it_used(alice: User, team: Team) -> None:
    give_pool(team, Pays.TEAM_ONLY, tokens_per_day=100)
    request = request_of(alice, 40, 20)
    start(request, team_id=team.pk)
    settle(used(request, 40, 20))
    give_back(team, 25, note="an outage", by=alice)
    assert allowance_of_team(team.pk).left == 65
    with pytest.raises(Invalid), transaction.atomic():
        give_back(team, 36, note="too many", by=alice)
    assert check_ledger() == 0


def test_the_nightly_check_finds_a_pools_counter_that_is_wrong(team: Team) -> None:
    TeamDailyUse.objects.create(team_id=team.pk, day=today(), used=7)
    (found,) = find_differences()
    assert (found.kind, found.holder_id, found.used, found.entered) == ("team", team.pk, 7, 0)
    assert check_ledger() == 1


def test_what_is_shown_is_what_pays_next(alice: User, team: Team) -> None:
    give(alice, tokens_per_day=50)
    pool = give_pool(team, Pays.PERSONAL_FIRST, tokens_per_day=80)
    assert next_payer(alice.pk, team.pk).left == next_payer(alice.pk, None).left == 50
    start(request_of(alice, 20, 30), team_id=team.pk)
    assert (next_payer(alice.pk, team.pk).left, next_payer(alice.pk, None).left) == (80, 0)
    pool.delete()
    assert next_payer(alice.pk, team.pk).left == 0


def test_people_see_their_teams_pool_beside_their_own(alice: User, team: Team) -> None:
    give(alice, tokens_per_day=1_000)
    give_pool(team, Pays.TEAM_FIRST, tokens_per_day=5_000)
    request = request_of(alice, 400, 100)
    start(request, team_id=team.pk)
    settle(used(request, 400, 100))
    settle(Used(uuid.uuid4(), alice.pk, uuid.uuid4(), "grammar", "m", 10, 5, "done"))
    browser = browser_of(alice)
    usage = browser.get("/api/v1/usage").json()
    assert [one["used"] for one in usage["shares"]] == [15, 15, 15]
    (pool,) = usage["teams"]
    assert (pool["name"], pool["pays"], pool["shares"][0]["remaining"]) == ("Night desk", "team_first", 4_500)
    page = browser.get("/settings/usage/").content.decode()
    assert "Team Night desk" in page
    assert "4,500 of 5,000 tokens left" in page
    lines = browser.get("/settings/usage.csv").content.decode().splitlines()
    assert [line.split(",")[-2] for line in lines] == ["team", "Night desk", ""]


def test_in_a_teams_document_the_team_pays_and_the_socket_says_so(house: House, tiers: dict[str, Tier]) -> None:
    team = Team.objects.create(name="Night desk")
    TeamMembership.objects.create(team=team, user=house.alice, role=TeamRole.OWNER)
    give(house.alice, tokens_per_day=1)
    give_pool(team, Pays.TEAM_FIRST, tokens_per_day=100_000)
    house.document.team = team
    house.document.save()
    alice = house.join(house.alice)
    quota = alice.frames[0]["quota"]
    assert (quota["remaining_tokens"], quota["payer"]) == (100_000, "team")
    done = alice.hear_end(alice.generate("It was late. "))
    assert done["type"] == "done"
    assert done["quota"]["payer"] == "team"
    entry = Entry.objects.get()
    assert (entry.team_id, done["quota"]["remaining_tokens"]) == (team.pk, 100_000 - entry.tokens)


def test_administrators_set_rules_and_give_back_after_being_asked(alice: User, team: Team) -> None:
    give_pool(team, Pays.TEAM_ONLY, tokens_per_day=100)
    request = request_of(alice, 40, 20)
    start(request, team_id=team.pk)
    settle(used(request, 40, 20))
    alice.is_staff = alice.is_superuser = True
    alice.save()
    browser, path = browser_of(alice), "/admin/quotas/teampool/"
    chosen = {"_selected_action": str(team.pk)}
    asked = browser.post(path, {"action": "set_rule", **chosen})
    assert "Change who pays in the documents of 1 teams?" in asked.content.decode()
    assert team.pool.pays == Pays.TEAM_ONLY
    browser.post(path, {"action": "set_rule", "confirmed": "1", "pays": "personal_first", **chosen})
    team.pool.refresh_from_db()
    assert team.pool.pays == Pays.PERSONAL_FIRST
    assert AuditRecord.objects.filter(target_id=str(team.pk), action__startswith="admin.").count() == 1
    back = {"action": "give_tokens_back", "confirmed": "1", "tokens": "60", "note": "outage", **chosen}
    assert "Night desk got 60 tokens back." in browser.post(path, back, follow=True).content.decode()
    assert allowance_of_team(team.pk).left == 100
    shown = browser.get(f"{path}{team.pk}/change/").content.decode()
    assert "outage" in shown
    assert browser.get("/admin/quotas/override/add/").status_code == 200
    both = {
        "user": str(alice.pk),
        "team": str(team.pk),
        "reason": "x",
        "starts_at_0": "2026-01-01",
        "starts_at_1": "0:00",
    }
    assert "Choose either a person or a team." in browser.post("/admin/quotas/override/add/", both).content.decode()
