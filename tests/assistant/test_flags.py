"""Feature flags: the most particular rule counts, and what is switched off is refused at the socket."""

from django.db import transaction

from apps.analytics.models import FlagRule
from apps.core.flags import Asker, is_on
from tests.assistant.conftest import House

CHAT = "assistant.chat"


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
    ends = [alice.hear_end(alice.generate()) for _ in range(10)]
    assert ends[-1]["type"] == "error"
    assert ends[-1]["code"] == "forbidden"
    rule.delete()
    ends = [alice.hear_end(alice.generate()) for _ in range(10)]
    assert ends[-1]["type"] == "done"
