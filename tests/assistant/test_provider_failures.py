"""A provider that fails: one typed end, in words, with what was written kept."""

import pytest
from django.conf import settings

from apps.assistant.models import Generation
from tests.assistant.clients import assert_whole
from tests.assistant.conftest import House
from tests.processes import wait_until


@pytest.mark.parametrize(
    ("fault", "code", "retryable", "partial"),
    [
        ("401", "provider_unavailable", False, False),
        ("404", "provider_unavailable", False, False),
        ("400", "provider_unavailable", False, False),
        ("413", "too_large", False, False),
        ("429", "provider_unavailable", True, False),
        ("500", "provider_unavailable", True, False),
        ("html", "provider_unavailable", True, False),
        ("stall-first", "provider_timeout", True, False),
        ("stall", "stalled", True, True),
        ("keep-alive", "stalled", True, True),
        ("reset", "provider_unavailable", True, True),
        ("truncate", "provider_unavailable", True, True),
        ("malformed", "provider_unavailable", True, True),
        ("error", "provider_unavailable", True, True),
    ],
)
def test_a_failing_provider_ends_the_generation_visibly(
    house: House, fault: str, code: str, retryable: bool, partial: bool
) -> None:
    house.provider.behave(fault=fault, at=5)
    alice = house.join(house.alice)
    generation = alice.generate()
    end = alice.hear_end(generation)
    assert (end["type"], end["code"], end["retryable"], end["partial"]) == ("failed", code, retryable, partial)
    assert "sk-" not in end["message"]
    events = alice.events(generation)
    assert_whole(events)
    assert events[0]["type"] == "started"
    stored = Generation.objects.get(pk=generation)
    assert (stored.state, stored.error_code) == ("failed", code)
    assert (stored.text or "") == alice.text(generation)
    assert alice.text(generation) == ("".join(house.provider.server.defaults.answer()[:5]) if partial else "")


@pytest.mark.parametrize("split", ["bytes", "surrogates"])
def test_characters_cut_on_the_way_arrive_whole(house: House, split: str) -> None:
    house.provider.behave(split=split, tokens=20)
    alice = house.join(house.alice)
    generation = alice.generate()
    assert alice.hear_end(generation)["type"] == "done"
    assert alice.text(generation) == "\U0001f99a " * 20


def test_words_cut_on_the_way_are_joined(house: House) -> None:
    house.provider.behave(split="words")
    alice = house.join(house.alice)
    generation = alice.generate()
    assert alice.hear_end(generation)["type"] == "done"
    assert alice.text(generation) == "".join(house.provider.server.defaults.answer())
    assert " ".join(alice.text(generation).split()) == alice.text(generation)


def test_an_answer_without_an_end_is_ended_at_our_limit_and_the_provider_left(house: House) -> None:
    house.provider.behave(fault="endless", text="heron" * 200)
    alice = house.join(house.alice)
    generation = alice.generate(options={"max_tokens": 20})
    end = alice.hear_end(generation)
    assert (end["type"], end["finish_reason"]) == ("done", "length")
    assert end["characters"] == settings.ASSISTANT_OUTPUT_MAX_CHARACTERS
    assert_whole(alice.events(generation))
    (request,) = house.provider.requests
    wait_until(lambda: request.end == "client_gone", seconds=30, what="the provider's notice")


def test_an_empty_answer_is_done_with_nothing(house: House) -> None:
    house.provider.behave(fault="empty")
    alice = house.join(house.alice)
    generation = alice.generate()
    end = alice.hear_end(generation)
    assert (end["type"], end["characters"]) == ("done", 0)


def test_no_secret_and_no_text_is_in_the_logs(house: House) -> None:
    house.provider.behave(fault="500")
    alice = house.join(house.alice)
    alice.hear_end(alice.generate("An unlikely sentence about ptarmigans."))
    house.wait_for_logs()
    for child in (*house.webs, *house.generators):
        assert "cost map" not in child.output()  # litellm did not try the network on import
        assert "ptarmigan" not in child.output()
        assert "sk-" not in child.output()
