"""Feature flags: the most particular rule counts, and what is switched off is refused at the socket."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from apps.analytics.models import FlagRule
from apps.core.flags import Asker, is_on
from apps.quotas.models import Tier
from apps.quotas.people import set_tier
from tests.assistant.conftest import House
from tests.processes import wait_until

CHAT = "assistant.chat"


@pytest.fixture(autouse=True)
def _everything_on_afterwards(house: House) -> Iterator[None]:
    """The web process is shared, and hears of what is deleted, not of what is flushed."""
    yield
    for rule in FlagRule.objects.all():
        rule.delete()


def test_the_most_particular_rule_counts(house: House) -> None:
    alice, bob = Asker(house.alice.pk, "free"), Asker(house.bob.pk, "pro")
    assert is_on(CHAT, alice)
    FlagRule.objects.create(flag=CHAT, is_on=False)
    assert not is_on(CHAT, alice)
    FlagRule.objects.create(flag=CHAT, is_on=True, tier="pro")
    assert is_on(CHAT, bob)
    assert not is_on(CHAT, alice)
    FlagRule.objects.create(flag=CHAT, is_on=False, user=house.bob)
    assert not is_on(CHAT, bob)


def test_a_percentage_of_people_has_it_and_the_same_people_keep_it(house: House) -> None:
    rule = FlagRule.objects.create(flag=CHAT, is_on=False, percent=30)
    people = [Asker(type(house.alice.pk)(int=number)) for number in range(1_000)]
    without = {asker.user_id for asker in people if not is_on(CHAT, asker)}
    assert 240 < len(without) < 360
    with transaction.atomic():
        rule.percent = 60
        rule.save()
    assert without < {asker.user_id for asker in people if not is_on(CHAT, asker)}


def test_what_is_switched_off_is_refused_at_once(house: House) -> None:
    alice = house.join(house.alice)
    assert alice.hear_end(alice.generate())["type"] == "done"
    rule = FlagRule.objects.create(flag="assistant.continue", is_on=False, user=house.alice)
    wait_until(lambda: alice.hear_end(alice.generate()).get("code") == "forbidden", what="the rule")
    rule.delete()
    wait_until(lambda: alice.hear_end(alice.generate())["type"] == "done", what="the rule's end")


def test_open_pages_hear_what_is_switched_off_and_on_again(house: House) -> None:
    FlagRule.objects.create(flag="assistant.story", is_on=False)
    alice, bob = house.join(house.alice), house.join(house.bob)
    assert [one["action"] for one in alice.frames[0]["unavailable"]] == ["story"]
    assert alice.frames[0]["unavailable"][0]["reason"]
    rule = FlagRule.objects.create(flag=CHAT, is_on=False, user=house.alice)
    now = alice.hear_type("actions", seconds=30)["unavailable"]
    assert {one["action"] for one in now} == {"story", "chat"}
    rule.delete()
    assert [one["action"] for one in alice.hear_type("actions", seconds=30)["unavailable"]] == ["story"]
    bob.settled()
    assert not [frame for frame in bob.frames if frame["type"] == "actions"]


def test_what_a_tier_does_not_have_is_told_too(house: House) -> None:
    alice = house.join(house.alice)
    tier = Tier.objects.create(name="narrow", label="Narrow", allowed_actions=["continue"])
    set_tier([house.alice], tier)
    told = {one["action"]: one["reason"] for one in alice.hear_type("actions", seconds=30)["unavailable"]}
    assert "continue" not in told
    assert "Narrow" in told["chat"]
