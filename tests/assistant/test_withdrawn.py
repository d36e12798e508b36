"""A reviewer removes an answer: every open page hears of it, and who comes later does not get it."""

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.assistant.models import Generation
from apps.moderation.cases import Target, open_case
from apps.moderation.review import Kind, Wish, decide
from tests.assistant.conftest import House
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_SECONDS = 30


def remove(generation_id: str, *, kind: Kind = Kind.REMOVE) -> None:
    generation = Generation.objects.get(pk=generation_id)
    reviewer, _ = User.objects.get_or_create(email="rita@example.org", defaults={"is_superuser": True})
    with transaction.atomic():
        target = Target("generation", generation.pk, generation.document_id, generation.user_id)
        case = open_case(target, hours=1)
    decide(case.pk, Wish(kind, case.version), by=reviewer)


def test_an_undecided_answer_leaves_every_page(house: House) -> None:
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate()
    for client in (alice, bob):
        client.hear_end(generation, seconds=WAIT_SECONDS)
    remove(generation)
    for client in (alice, bob):
        assert client.hear_type("withdrawn", seconds=WAIT_SECONDS)["id"] == generation
    later = house.join(house.bob)
    assert later.frames[0]["undecided"] == []
    later.send({"type": "resume", "after": {generation: 0}})
    refused = later.hear_type("error", seconds=WAIT_SECONDS)
    assert (refused["id"], refused["code"]) == (generation, "blocked_output")
    bob.send({"type": "decide", "id": generation, "decision": "accepted"})
    assert bob.hear_type("error", seconds=WAIT_SECONDS)["code"] == "blocked_output"
    later.settled()
    assert later.text(generation) == ""
    remove(generation, kind=Kind.RESTORE)
    again = house.join(house.bob)
    assert [one["id"] for one in again.frames[0]["undecided"]] == [generation]


def test_an_answer_that_is_still_written_is_stopped(house: House) -> None:
    house.provider.behave(rate=20, tokens=2_000)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_type("chunk", seconds=WAIT_SECONDS)
    remove(generation)
    wait_until(lambda: Generation.objects.get(pk=generation).is_ended, seconds=WAIT_SECONDS, what="its end")
    stored = Generation.objects.get(pk=generation)
    assert stored.state == "cancelled"
    assert stored.text  # kept for reviewers
    alice.hear_type("withdrawn", seconds=WAIT_SECONDS)
