"""The usage page, its file, and the admin's pages, by a browser without scripts."""

import csv
import re
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from apps.accounts.models import User
from apps.moderation.models import AuditRecord
from apps.quotas.allowances import allowance_of, today
from apps.quotas.models import Assignment, Entry, Override, Pays, TeamPool, Tier
from apps.quotas.plot import plot
from apps.quotas.services import Used, settle
from apps.quotas.usage import Day
from apps.teams.models import Team
from tests.cast import browser_of, make_user
from tests.quotas.conftest import give_pool

pytestmark = pytest.mark.django_db(transaction=True)


def use(user: User, tokens: int, action: str = "continue") -> None:
    settle(Used(uuid4(), user.pk, uuid4(), action, "openai/test", tokens - tokens // 4, tokens // 4, "done"))


def test_the_usage_page_shows_what_is_left_and_a_bar_per_action(tiers: dict[str, Tier]) -> None:
    alice = make_user("Alice")
    use(alice, 900_000)
    use(alice, 2_000, "grammar")
    page = browser_of(alice).get("/settings/usage/").content.decode()
    assert "98,000 of 1,000,000 tokens left" in page
    assert "share-scarce" in page
    assert page.count("<rect class=") == 2 + 2  # bars and legend
    assert "continue: 900,000 tokens" in page
    assert "style=" not in page
    assert 'href="/settings/usage/"' in browser_of(alice).get("/settings/").content.decode()


def test_the_page_shows_what_smaller_models_have_beside_the_rest(tiers: dict[str, Tier]) -> None:
    alice = make_user("Alice")
    assert "Smaller models" not in browser_of(alice).get("/settings/usage/").content.decode()
    Tier.objects.filter(is_default=True).update(smaller_tokens_per_day=40_000)
    page = browser_of(alice).get("/settings/usage/").content.decode()
    assert "Smaller models" in page
    assert "40,000 of 40,000 tokens left today" in page
    assert browser_of(alice).get("/api/v1/usage").json()["smaller"]["remaining"] == 40_000


@pytest.mark.parametrize("path", ["override", "teampool"])
def test_deleting_what_changes_limits_asks_first(root: Client, path: str) -> None:
    if path == "override":
        alice = make_user("Alice")
        made = Override.objects.create(user=alice, reason="a talk", starts_at="2026-01-01T00:00Z", tokens_per_day=5).pk
    else:
        made = give_pool(Team.objects.create(name="Night desk"), Pays.TEAM_ONLY, tokens_per_day=100).pk
    there = f"/admin/quotas/{path}/{made}/delete/"
    assert "Are you sure" in root.get(there).content.decode()
    assert "Are you sure" in act(root, path, "delete_selected", [made])
    assert Override.objects.exists() or TeamPool.objects.exists()
    root.post(there, {"post": "yes"})
    assert not Override.objects.exists()
    assert not TeamPool.objects.exists()
    assert AuditRecord.objects.filter(target_id=str(made), action__startswith="admin.").exists()


def test_who_has_asked_for_nothing_is_told_so(tiers: dict[str, Tier]) -> None:
    page = browser_of(make_user("Alice")).get("/settings/usage/").content.decode()
    assert "You have not asked the assistant for anything" in page
    assert '<svg class="usage-plot"' not in page


def test_the_file_has_a_line_per_day_and_action_of_ones_own(tiers: dict[str, Tier]) -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    use(alice, 100)
    use(alice, 40)
    use(bob, 7)
    answer = browser_of(alice).get("/settings/usage.csv")
    rows = list(csv.DictReader(answer.content.decode().splitlines()))
    assert answer["Content-Type"].startswith("text/csv")
    assert rows == [
        {
            "day": today().isoformat(),
            "action": "continue",
            "model": "openai/test",
            "requests": "2",
            "prompt_tokens": "105",
            "completion_tokens": "35",
            "charged_tokens": "140",
            "team": "",
            "smaller": "",
        }
    ]
    assert AuditRecord.objects.filter(action="usage.exported", actor_id=alice.pk).exists()


def test_both_ask_for_a_log_in(client: Client) -> None:
    for path in ("/settings/usage/", "/settings/usage.csv"):
        assert client.get(path)["Location"].startswith("/accounts/login/")


def test_bars_stand_on_each_other_and_stay_inside() -> None:
    drawn = plot([Day(today(), {"a": 300, "b": 100})], ["a", "b"])
    lower, upper = drawn.bars
    assert upper.y + upper.height == pytest.approx(lower.y, abs=0.2)
    assert upper.y == pytest.approx(8, abs=0.2)  # 400 is the top line
    assert [line.text for line in drawn.lines] == ["0", "100", "200", "300", "400"]


@pytest.fixture
def root(tiers: dict[str, Tier]) -> Client:
    return browser_of(User.objects.create_superuser("root@example.com"))


def test_every_admin_page_opens(root: Client, tiers: dict[str, Tier]) -> None:
    alice = make_user("Alice")
    use(alice, 500)
    Override.objects.create(user=alice, reason="a talk", starts_at="2026-01-01T00:00Z")
    for path in (
        *("tier/", "tier/add/", f"tier/{tiers['free'].pk}/change/", "override/", "override/add/", "entry/?q=alice"),
        *("account/", "account/?q=alice", f"account/{alice.pk}/change/", f"entry/{Entry.objects.get().pk}/change/"),
    ):
        answer = root.get(f"/admin/quotas/{path}")
        assert answer.status_code == 200, path
    page = root.get(f"/admin/quotas/account/{alice.pk}/change/").content.decode()
    assert "a talk" in page
    assert "999,500 of 1,000,000" in page


def act(root: Client, model: str, action: str, chosen: list[object], **fields: object) -> str:
    data = {"action": action, "_selected_action": [str(one) for one in chosen], **fields}
    return root.post(f"/admin/quotas/{model}/", data, follow=True).content.decode()


def test_many_get_another_tier_after_the_admin_was_asked(root: Client, tiers: dict[str, Tier]) -> None:
    people = [make_user("Alice"), make_user("Bob")]
    asked = act(root, "account", "give_tier", [one.pk for one in people])
    assert "Give 2 people another tier?" in asked
    assert not Assignment.objects.exists()
    done = act(root, "account", "give_tier", [one.pk for one in people], confirmed="yes", tier=tiers["pro"].pk)
    assert "2 people now have the tier Pro" in done
    assert {allowance_of(one.pk).tier for one in people} == {"pro"}
    assert LogEntry.objects.filter(change_message__contains="Pro").count() == 2
    assert (
        AuditRecord.objects.filter(target_id__in=[str(one.pk) for one in people], action__startswith="admin.").count()
        == 2
    )


def test_tokens_are_given_back_by_rows_of_the_ledger(root: Client) -> None:
    alice = make_user("Alice")
    use(alice, 500)
    fields = {"confirmed": "yes", "note": "a bad answer"}
    assert "Between 1 and 500" in act(root, "account", "give_tokens_back", [alice.pk], tokens="501", **fields)
    assert "got 200 tokens back" in act(root, "account", "give_tokens_back", [alice.pk], tokens="200", **fields)
    correction = Entry.objects.get(kind="correction")
    assert (correction.tokens, correction.note) == (-200, "a bad answer")
    assert correction.made_by is not None
    assert correction.made_by.email == "root@example.com"
    assert LogEntry.objects.filter(change_message__contains="Gave 200 tokens back").count() == 1
    assert AuditRecord.objects.filter(target_id=str(alice.pk), action__startswith="admin.").count() == 1


def test_the_default_tier_is_changed_after_the_admin_was_asked(root: Client, tiers: dict[str, Tier]) -> None:
    assert "Give everybody without another tier" in act(root, "tier", "make_default", [tiers["unlimited"].pk])
    assert Tier.objects.get(is_default=True).name == "free"
    act(root, "tier", "make_default", [tiers["unlimited"].pk], confirmed="yes")
    assert allowance_of(make_user("Alice").pk).tier == "unlimited"


def test_a_tier_is_edited_and_an_exception_made_in_the_admin(root: Client, tiers: dict[str, Tier]) -> None:
    alice = make_user("Alice")
    fields = {"label": "Free", "name": "free", "rank": "0", "tokens_per_day": "777"}
    assert root.post(f"/admin/quotas/tier/{tiers['free'].pk}/change/", fields).status_code == 302
    assert allowance_of(alice.pk).left == 777
    fields = {
        "user": str(alice.pk),
        "reason": "talk",
        "starts_at_0": "2026-01-01",
        "starts_at_1": "00:00",
        "tokens_per_day": "9",
    }
    Tier.objects.update(allowed_actions=["continue"])
    answer = root.post("/admin/quotas/override/add/", fields)
    assert answer.status_code == 302, re.findall(r"errorlist.*", answer.content.decode())
    assert allowance_of(alice.pk).left == 9
    assert Override.objects.get().made_by is not None
    assert allowance_of(alice.pk).allowed_actions == ("continue",)  # the tier's: the exception names none


def test_the_ledger_is_for_reading_only(root: Client) -> None:
    use(make_user("Alice"), 5)
    entry = Entry.objects.get()
    assert root.post(f"/admin/quotas/entry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert root.post(f"/admin/quotas/entry/{entry.pk}/change/", {"tokens": "0"}).status_code == 403
