"""Two models: the second takes over whatever becomes of the first, and every token of both is known afterwards."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.assistant.models import Generation
from tests.assistant.clients import AssistantClient, Frame, assert_whole
from tests.assistant.conftest import House, Shared, furnished, started
from tests.quotas.conftest import assert_settled

FIRST, SECOND = "openai/test", "openai/second"


@pytest.fixture(autouse=True)
def _ends_are_settled(transactional_db: None) -> Iterator[None]:
    yield
    assert_settled()


@pytest.fixture(scope="module")
def two_models(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    environment = {
        "AI_FALLBACK_MODELS": SECOND,
        "AI_RETRIES": "1",
        "AI_RETRY_SECONDS": "0.05",
        "AI_FIRST_TOKEN_TIMEOUT_SECONDS": "3",  # on a busy machine the first model must have its say
    }
    with started(tmp_path_factory.mktemp("fallback"), **environment) as running:
        yield running


@pytest.fixture
def house(two_models: Shared, transactional_db: None, settings: Settings) -> Iterator[House]:
    with furnished(two_models, settings) as made:
        made.provider.behave_as("second", text="Then_it_flew_away.")
        yield made


def states(client: AssistantClient, generation: str) -> list[tuple[str, str]]:
    return [(event["state"], event["model"]) for event in client.events(generation) if event["type"] == "status"]


def spent(generation: str) -> list[Frame]:
    attempts: list[Frame] = Generation.objects.get(pk=generation).attempts
    return attempts


@pytest.mark.parametrize("fault", ["401", "404", "429", "500", "html", "stall-first", "reset", "malformed"])
def test_the_second_model_answers_where_the_first_says_nothing(house: House, fault: str) -> None:
    house.provider.behave(fault=fault, at=0)
    alice = house.join(house.alice)
    generation = alice.generate()
    assert alice.hear_end(generation)["type"] == "done"
    assert_whole(alice.events(generation))
    assert alice.text(generation) == "Then it flew away."
    assert states(alice, generation)[-1] == ("fallback", SECOND)
    assert Generation.objects.get(pk=generation).model == SECOND
    tried_again = fault in ("429", "500", "html", "reset", "malformed")
    assert [state for state, _ in states(alice, generation)].count("retrying") == tried_again
    assert [one["model"] for one in spent(generation)] == [FIRST] * (1 + tried_again) + [SECOND]


@pytest.mark.parametrize("fault", ["stall", "keep-alive", "reset", "truncate", "malformed", "error"])
def test_the_second_model_goes_on_where_the_first_broke_off(house: House, fault: str) -> None:
    house.provider.behave(fault=fault, at=5)
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate("It was late. ")
    for client in (alice, bob):
        assert client.hear_end(generation)["type"] == "done"
        assert_whole(client.events(generation))
    beginning = "".join(house.provider.server.defaults.answer()[:5])
    assert alice.text(generation) == bob.text(generation) == beginning + "Then it flew away."
    assert states(alice, generation) == [("fallback", SECOND)]
    assert "It was late. " + beginning.strip() in house.provider.requests[-1].prompt
    first, second = spent(generation)
    assert (first["model"], first["counted"], second["model"], second["counted"]) == (FIRST, False, SECOND, True)
    assert first["completion_tokens"] >= 5
    stored = Generation.objects.get(pk=generation)
    assert stored.completion_tokens == first["completion_tokens"] + second["completion_tokens"]


@pytest.mark.parametrize("repeated", ["waits_where_the_river_", "the_heron_waits_where_the_river_", "river_", "the_"])
def test_what_the_second_model_says_again_is_not_shown_twice(house: House, repeated: str) -> None:
    house.provider.behave(fault="reset", at=6)
    house.provider.behave_as("second", text=repeated + "bends.")
    alice = house.join(house.alice)
    generation = alice.generate()
    assert alice.hear_end(generation)["type"] == "done"
    assert_whole(alice.events(generation))
    again = "the " if repeated == "the_" else ""
    assert alice.text(generation) == f"the heron waits where the river {again}bends."


def test_where_the_second_model_fails_too_what_was_written_is_kept(house: House) -> None:
    house.provider.behave(fault="reset", at=4)
    house.provider.behave_as("second", fault="truncate", at=2)
    alice = house.join(house.alice)
    generation = alice.generate()
    end = alice.hear_end(generation)
    assert (end["type"], end["code"], end["partial"]) == ("failed", "provider_unavailable", True)
    assert_whole(alice.events(generation))
    stored = Generation.objects.get(pk=generation)
    assert stored.text == alice.text(generation)
    assert [one["outcome"] for one in stored.attempts] == ["provider_unavailable"] * 2
    assert stored.completion_tokens == sum(one["completion_tokens"] for one in stored.attempts) >= 6


def test_a_passing_failure_is_told_and_tried_again(house: House) -> None:
    house.provider.behave(fault="500", times=1)
    alice = house.join(house.alice)
    generation = alice.generate()
    assert alice.hear_end(generation)["type"] == "done"
    assert states(alice, generation) == [("retrying", FIRST)]
    assert [one["outcome"] for one in spent(generation)] == ["provider_unavailable", "done"]
    assert [one["prompt_tokens"] > 0 for one in spent(generation)] == [False, True]


def test_a_refused_text_is_not_shown_to_another_model(house: House) -> None:
    house.provider.behave(fault="policy")
    alice = house.join(house.alice)
    end = alice.hear_end(alice.generate())
    assert (end["type"], end["code"]) == ("failed", "blocked_input")
    assert len(house.provider.requests) == 1


def test_what_was_cancelled_cost_what_it_had_written(house: House) -> None:
    house.provider.behave(rate=20, tokens=200)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_until(lambda frame: frame.get("seq", 0) >= 6)
    alice.send({"type": "cancel", "id": generation})
    assert alice.hear_end(generation)["type"] == "cancelled"
    (attempt,) = spent(generation)
    assert (attempt["outcome"], attempt["counted"]) == ("stopped", False)
    assert attempt["completion_tokens"] >= 5
    assert attempt["prompt_tokens"] > 20
    stored = Generation.objects.get(pk=generation)
    assert (stored.prompt_tokens, stored.completion_tokens) == (
        attempt["prompt_tokens"],
        attempt["completion_tokens"],
    )
