"""Usage over REST."""

from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.api_keys import create_key
from apps.quotas.models import Tier
from apps.quotas.services import Used, settle
from tests.cast import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_program_reads_what_is_left_and_what_its_person_used(tiers: dict[str, Tier]) -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    settle(Used(uuid4(), alice.pk, uuid4(), "grammar", "openai/test", 900, 100, "done"))
    settle(Used(uuid4(), bob.pk, uuid4(), "continue", "openai/test", 7, 0, "done"))
    _, key = create_key(alice, name="Meter", scopes=["documents:read"])
    usage = Client(headers={"authorization": f"Bearer {key}"}).get("/api/v1/usage").json()
    assert usage["tier"] == "free"
    day = next(share for share in usage["shares"] if share["window"] == "day")
    assert (day["used"], day["remaining"]) == (1_000, day["limit"] - 1_000)
    assert [one["tokens"] for one in usage["days"] if one["tokens"]] == [{"grammar": 1_000}]
    assert len(usage["days"]) == 30


def test_usage_is_for_people_who_are_logged_in(client: Client) -> None:
    assert client.get("/api/v1/usage").status_code == 401
