"""The moderation model: fast answers are waited for, slow ones stop what is being written, failures do as set."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts.models import User
from apps.assistant.models import Generation
from apps.moderation.models import HeldRequest, Verdict
from apps.moderation.quarantine import refuse, release
from apps.quotas.models import Entry, Reservation
from tests.assistant.clients import AssistantClient, assert_whole
from tests.assistant.conftest import House, Shared, furnished, started
from tests.processes import wait_until

MODEL = {
    "AI_MODERATION_MODEL": "openai/mod",
    "MODERATION_MODEL_WAIT_SECONDS": "4",
    "MODERATION_MODEL_SECONDS": "60",
    "MODERATION_MODEL_ACTIONS": "violence=block,hate=quarantine,sexual=pass",
}
HARM = "Something gruesome happens here."


@pytest.fixture(scope="module")
def with_model(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with started(tmp_path_factory.mktemp("model"), **MODEL) as running:
        yield running


@pytest.fixture
def house(with_model: Shared, transactional_db: None, settings: Settings) -> Iterator[House]:
    with furnished(with_model, settings) as made:
        yield made


def ask(client: AssistantClient, text: str = HARM, **options: Any) -> dict[str, Any]:
    """Return the end of a generation that `text` stands in."""
    end: dict[str, Any] = client.hear_end(
        client.generate(action="rewrite", input={"selection": text}, **options), seconds=30
    )
    return end


def assert_settled(generation: str) -> None:
    assert not Reservation.objects.filter(generation_id=generation).exists()
    assert Entry.objects.filter(generation_id=generation).count() == 1


def gone(house: House) -> bool:
    """Whether the provider was left by one that asked it, whichever of them reached it first."""
    return any(request.end == "client_gone" for request in house.provider.requests)


def test_clean_text_passes_and_costs_nobody_anything(house: House) -> None:
    alice = house.join(house.alice)
    end = ask(alice, "The heron waits.")
    assert end["type"] == "done"
    [asked] = house.provider.moderations
    assert asked.body == {"model": "mod", "input": ["The heron waits."]}
    assert asked.headers["Authorization"] == "Bearer sk-test"
    assert asked.at < house.provider.requests[0].at
    assert not Verdict.objects.exists()
    stored = Generation.objects.get(pk=end["id"])
    assert [one["model"] for one in stored.attempts] == ["openai/test"]
    assert_settled(end["id"])


def test_a_fast_answer_keeps_the_text_from_the_other_model(house: House) -> None:
    house.provider.behave_as("mod", flags="violence,violence/graphic", where="gruesome")
    alice = house.join(house.alice)
    end = ask(alice)
    assert (end["type"], end["code"], end["retryable"], end["partial"]) == ("failed", "blocked_input", False, False)
    assert "may not be written about" in end["message"]
    assert house.provider.requests == []
    assert_whole(alice.events(end["id"]))
    assert_settled(end["id"])
    found = {(one.category, one.source, one.stage, one.action) for one in Verdict.objects.all()}
    assert found == {("violence", "model", "input", "block"), ("violence/graphic", "model", "input", "block")}
    verdict = Verdict.objects.first()
    assert verdict is not None
    assert (verdict.score, verdict.excerpt, verdict.state) == (0.97, HARM, "waiting")


def test_what_it_only_notes_is_written_down_and_passes(house: House) -> None:
    house.provider.behave_as("mod", flags="harassment,sexual")
    end = ask(house.join(house.alice))
    assert end["type"] == "done"
    [verdict] = Verdict.objects.all()  # of what is to pass, nothing
    assert (verdict.category, verdict.action, verdict.target_kind) == ("harassment", "flag", "generation")
    assert verdict.target_id == end["id"]


def test_what_it_holds_waits_for_a_reviewer(house: House) -> None:
    house.provider.behave_as("mod", flags="hate")
    alice, reviewer = house.join(house.alice), User.objects.create_superuser(email="rita@example.org", password="x")
    first = ask(alice)
    assert (first["code"], ask(alice)["code"]) == ("held_input", "held_input")
    held = HeldRequest.objects.get()
    assert (str(held.pk), held.request["input"]["selection"]) == (first["id"], HARM)
    assert house.provider.requests == []
    release(held.pk, reviewer)
    end = ask(alice)
    assert end["type"] == "done"
    noted = Verdict.objects.get(target_kind="generation", target_id=end["id"])
    assert (noted.category, noted.action) == ("hate", "flag")


def test_what_a_reviewer_refused_stays_refused(house: House) -> None:
    house.provider.behave_as("mod", flags="hate")
    alice, reviewer = house.join(house.alice), User.objects.create_superuser(email="rita@example.org", password="x")
    ask(alice)
    refuse(HeldRequest.objects.get().pk, reviewer)
    assert ask(alice)["code"] == "blocked_input"


@pytest.mark.parametrize("fault", ["500", "401"])
def test_where_it_fails_people_are_not_held_up(house: House, fault: str) -> None:
    house.provider.behave_as("mod", fault=fault)
    assert ask(house.join(house.alice))["type"] == "done"
    house.wait_for_logs()
    for process in (house.web, *house.generators):
        assert "gruesome" not in process.output()
        assert "own words" not in process.output()


def test_small_completions_are_not_shown_to_it(house: House) -> None:
    alice = house.join(house.alice)
    alice.hear_end(alice.generate(action="complete", input={"text_before": HARM}))
    assert house.provider.moderations == []


def test_a_slow_answer_stops_what_is_being_written_and_is_written_down_after_the_end(house: House) -> None:
    house.provider.behave(tokens=1_000_000, rate=20)
    house.provider.behave_as("mod", flags="violence", when_told=1)
    alice, bob = house.join(house.alice), house.join(house.bob)
    short = alice.generate(action="rewrite", input={"selection": HARM}, options={"max_tokens": 2})
    generation = alice.generate(action="rewrite", input={"selection": HARM})
    assert alice.hear_end(short, seconds=30)["type"] == "done"
    assert not Verdict.objects.filter(target_id=short).exists()
    alice.hear_until(lambda frame: frame.get("id") == generation and frame["type"] == "chunk", seconds=30)
    house.provider.answer_now()
    for client in (alice, bob):
        end = client.hear_end(generation, seconds=30)
        assert (end["type"], end["code"], end["partial"]) == ("failed", "blocked_input", True)
        assert_whole(client.events(generation))
    stored = Generation.objects.get(pk=generation)
    assert stored.text == alice.text(generation) != ""
    assert stored.completion_tokens
    assert_settled(generation)
    wait_until(lambda: gone(house), seconds=30, what="the provider")
    wait_until(lambda: Verdict.objects.filter(target_id=short).exists(), seconds=30, what="the verdict")


def test_where_nothing_may_pass_unseen_a_failure_refuses(own_house: Callable[..., House]) -> None:
    closed = {"MODERATION_MODEL_FAILURE": "closed", "MODERATION_MODEL_SECONDS": "3"}
    house = own_house(**MODEL | closed | {"MODERATION_MODEL_WAIT_SECONDS": "0"})
    house.start_generator()
    alice = house.join(house.alice)
    for fault in ("500", "stall-first"):
        house.provider.behave_as("mod", fault=fault)
        end = ask(alice)
        assert (end["code"], end["retryable"]) == ("provider_unavailable", True)
        assert "could not be checked" in end["message"]
        assert_settled(end["id"])
    assert house.provider.requests == []
    house.provider.behave_as("mod", first=0.3)
    assert ask(alice)["type"] == "done"


def test_it_reads_long_texts_in_pieces(house: House) -> None:
    house.provider.behave_as("mod", flags="violence", where="gruesome")
    text = "The heron waits where the river bends. " * 500 + HARM
    alice = house.join(house.alice)
    assert alice.hear_end(alice.generate(text), seconds=30)["code"] == "blocked_input"
    pieces = house.provider.moderations[0].body["input"]
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 8_000
    assert "gruesome" in json.dumps(pieces[-1])
