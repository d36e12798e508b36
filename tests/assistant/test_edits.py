"""Grammar and suggestions over the socket: an edit for each finding, at once, and never a wrong one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.assistant.actions import ACTIONS
from apps.assistant.models import Generation
from tests.assistant.clients import AssistantClient, Frame, assert_whole
from tests.assistant.conftest import House
from tests.assistant.test_crashes import LEASE
from tests.cast import browser_of

TEXT = "🦚 I saw teh heron.\nIts a old bird, its a old bridge."
FINDINGS = [
    {"original": "teh", "replacement": "the", "category": "spelling", "explanation": "A slip."},
    {"original": "Its", "replacement": "It's", "category": "grammar", "explanation": "Short for it is."},
    {"original": "a old", "replacement": "an old", "category": "article", "explanation": "Before a vowel."},
    {"original": "a old", "context": "a old bridge", "replacement": "an old", "category": "article"},
]
ANSWER = "\n".join([*map(json.dumps, FINDINGS), '{"end": true}'])


def ask(client: AssistantClient, *, action: str = "grammar", **fields: Any) -> str:
    given = {"selection": TEXT} if action == "grammar" else {"selection": TEXT, "aspect": "clarity"}
    return client.generate(action=action, input={**given, **fields.pop("input", {})}, **fields)


def edits(client: AssistantClient, generation: str) -> list[Frame]:
    return [event for event in client.events(generation) if event["type"] == "edit"]


def assert_right(found: list[Frame], text: str = TEXT) -> None:
    """Check that every edit says what stands at its place, and that none overlaps another."""
    units = text.encode("utf-16-le")
    at = 0
    for edit in sorted(found, key=lambda one: one["start"]):
        assert at <= edit["start"] < edit["end"]
        assert units[edit["start"] * 2 : edit["end"] * 2].decode("utf-16-le") == edit["original"]
        at = edit["end"]


def assert_versioned(generation: str) -> None:
    """Check that its row says by which version of its prompt it was made."""
    stored = Generation.objects.get(pk=generation)
    assert stored.prompt_version == ACTIONS[stored.action].prompt.VERSION


def test_everybody_receives_an_edit_for_each_finding(house: House) -> None:
    house.provider.behave(text=ANSWER)
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = ask(alice, anchor="b64:paragraph")
    for client in (alice, bob):
        done = client.hear_end(generation)
        assert (done["type"], done["characters"], done["edits"]) == ("done", 0, {"found": 4, "dropped": 0})
        assert_whole(client.events(generation))
        assert client.text(generation) == ""
    assert_versioned(generation)
    found = edits(alice, generation)
    assert found == edits(bob, generation)
    assert_right(found)
    assert [(one["edit_id"], one["original"], one["replacement"]) for one in found] == [
        ("1", "teh", "the"),
        ("2", "Its", "It's"),
        ("3", "a", "an"),
        ("4", "a", "an"),
    ]
    assert [one["start"] for one in found] == [9, 20, 24, 40]
    assert (found[0]["category"], found[0]["explanation"]) == ("spelling", "A slip.")


def test_each_edit_comes_as_soon_as_it_is_written(house: House) -> None:
    house.provider.behave(text=f"{ANSWER}\n{'more ' * 1_000}", rate=20)
    alice = house.join(house.alice)
    generation = ask(alice, options={"max_tokens": 4_000})
    first = alice.hear_type("edit")
    (request,) = house.provider.requests
    assert not request.end
    alice.send({"type": "cancel", "id": generation})
    assert alice.hear_end(generation)["type"] == "cancelled"
    assert first["original"] == "teh"


def test_a_transcript_replays_the_edits_as_they_were_and_knows_the_decisions(house: House) -> None:
    house.provider.behave(text=ANSWER)
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = ask(alice)
    alice.hear_end(generation)
    bob.hear_end(generation)
    for edit_id, decision in (("1", "accepted"), ("3", "rejected")):
        bob.send({"type": "decide", "id": generation, "edit_id": edit_id, "decision": decision})
        for client in (alice, bob):
            decided = client.hear_type("decided")
            assert (decided["edit_id"], decided["decision"], decided["user"]["name"]) == (edit_id, decision, "Bob")
    late = house.join(house.alice)
    late.send({"type": "resume", "after": {generation: 0}})
    late.hear_until(lambda frame: frame["type"] == "decided" and frame["edit_id"] == "3")
    assert late.events(generation) == alice.events(generation)
    shown = browser_of(house.alice).get(f"/api/v1/generations/{generation}/").json()
    assert [edit["original"] for edit in shown["edits"]] == ["teh", "Its", "a", "a"]
    assert [(one["edit_id"], one["user"]["name"]) for one in shown["decisions"]] == [("1", "Bob"), ("3", "Bob")]


def test_an_edit_that_there_is_not_cannot_be_decided(house: House) -> None:
    house.provider.behave(text=ANSWER)
    alice = house.join(house.alice)
    generation = ask(alice)
    alice.hear_end(generation)
    alice.send({"type": "decide", "id": generation, "edit_id": "5", "decision": "accepted"})
    assert alice.hear_type("error")["code"] == "not_found"


def test_the_texts_of_edits_are_encrypted_at_rest(house: House) -> None:
    house.provider.behave(text=ANSWER)
    alice = house.join(house.alice)
    generation = ask(alice)
    alice.hear_end(generation)
    stored = bytes(Generation.objects.extra(select={"raw": "events"}).values_list("raw", flat=True).get(pk=generation))
    assert b"teh" not in stored
    events = Generation.objects.get(pk=generation).events
    assert [event["type"] for event in events] == ["edit"] * 4


HTML = "<html><style>p { color: red }</style><body>Bad gateway</body></html>"
ENDLESS = "\n".join([json.dumps({"original": "teh", "replacement": "the"})] * 2_000)


@pytest.mark.parametrize(
    ("answer", "kind", "found"),
    [
        (f"```json\n[{', '.join(map(json.dumps, FINDINGS))}]\n```", "done", 4),
        (json.dumps({"findings": FINDINGS}, indent=1), "done", 4),
        (f"Sure! Here are the mistakes:\n{ANSWER}\nHope this helps {{}}", "done", 4),
        (ANSWER[: ANSWER.index("Its") + 5], "done", 1),
        (json.dumps({**FINDINGS[0], "start": 0, "end": 2}), "done", 1),
        (json.dumps({"original": "the kite", "replacement": "a kite"}), "done", 0),
        (json.dumps({"original": "teh heron", "replacement": "цапля"}), "done", 0),
        (json.dumps({"original": "a old bird", "replacement": "un vieil oiseau au bord de l'eau"}), "done", 0),
        (json.dumps({"original": "teh heron", "replacement": "<b>the heron</b>"}), "done", 0),
        (json.dumps({"original": "a old bird", "replacement": "word " * 2_000}), "failed", 0),
        (json.dumps({"original": TEXT, "replacement": TEXT.replace("teh", "the")}), "done", 0),
        (ENDLESS, "done", 1),
        ('{"end": true}', "done", 0),
        ("[]", "done", 0),
        ("I see no mistakes.", "failed", 0),
        ("Je ne vois pas d'erreurs.", "failed", 0),
        (HTML, "failed", 0),
        ('{"original": "teh", "repl', "failed", 0),
        ("word " * 5_000, "failed", 0),
        ("{" * 5_000, "failed", 0),
        (" ", "failed", 0),
    ],
    ids=lambda value: repr(value)[:40],
)
@pytest.mark.parametrize("action", ["grammar", "suggest"])
def test_wrong_output_is_a_right_result_or_a_clear_failure(
    house: House, action: str, answer: str, kind: str, found: int
) -> None:
    house.provider.behave(text=answer)
    alice = house.join(house.alice)
    generation = ask(alice, action=action, options={"max_tokens": 4_096})
    end = alice.hear_end(generation)
    assert end["type"] == kind
    assert_whole(alice.events(generation))
    assert alice.text(generation) == ""
    assert len(edits(alice, generation)) == found
    assert_right(edits(alice, generation))
    if kind == "failed":
        assert (end["code"], end["retryable"], end["partial"]) == ("provider_unavailable", True, False)
        assert "try again" in end["message"]


@pytest.mark.parametrize("fault", ["reset", "truncate", "stall", "malformed", "error"])
def test_what_was_found_before_a_failure_stays(house: House, fault: str) -> None:
    tokens = len(json.dumps(FINDINGS[0]).split()) + 2
    house.provider.behave(text=ANSWER, fault=fault, at=tokens)
    alice = house.join(house.alice)
    generation = ask(alice)
    end = alice.hear_end(generation)
    assert (end["type"], end["retryable"], end["partial"]) == ("failed", True, True)
    assert [edit["original"] for edit in edits(alice, generation)] == ["teh"]


def test_dictionary_and_ignored_rules_of_person_and_document_are_respected(house: House) -> None:
    path = f"/api/v1/documents/{house.document.pk}/writing"
    for place, body in (
        ("/api/v1/writing", {"add_words": ["teh"]}),
        (path, {"add_ignored_rules": ["grammar:article"], "style": "British spelling."}),
    ):
        assert browser_of(house.alice).patch(place, body, content_type="application/json").status_code == 200
    house.provider.behave(text=ANSWER)
    alice = house.join(house.alice)
    generation = ask(alice)
    assert alice.hear_end(generation)["edits"] == {"found": 1, "dropped": 3}
    assert [edit["original"] for edit in edits(alice, generation)] == ["Its"]
    assert "\nBritish spelling.\n" in house.provider.requests[0].prompt
    assert "\nteh\n" in house.provider.requests[0].prompt


def test_aspects_run_side_by_side_each_with_its_own_stream(house: House) -> None:
    house.provider.behave(text=json.dumps({**FINDINGS[0], "category": "anything"}))
    alice = house.join(house.alice)
    ids = {aspect: ask(alice, action="suggest", input={"aspect": aspect}) for aspect in ("clarity", "too many birds")}
    for generation in ids.values():
        if not any(event["type"] == "done" for event in alice.events(generation)):
            alice.hear_end(generation)
        assert_versioned(generation)
    assert [edits(alice, generation)[0]["category"] for generation in ids.values()] == ["clarity", "own"]
    prompts = [request.prompt for request in house.provider.requests]
    assert any("\ntoo many birds\n" in prompt for prompt in prompts)


def test_a_generator_that_goes_on_repeats_no_finding(own_house: Callable[..., House]) -> None:
    house = own_house(**LEASE)
    first = house.start_generator()
    house.provider.behave(text=ANSWER, rate=20)
    alice = house.join(house.alice)
    generation = ask(alice)
    alice.hear_type("edit")
    first.kill()
    house.start_generator()
    house.provider.behave(text=ANSWER)
    assert alice.hear_end(generation, seconds=30)["type"] == "done"
    assert_whole(alice.events(generation))
    found = edits(alice, generation)
    assert_right(found)
    assert [(one["edit_id"], one["original"], one["start"]) for one in found] == [
        ("1", "teh", 9),
        ("2", "Its", 20),
        ("3", "a", 24),
        ("4", "a", 40),
    ]
    late = house.join(house.alice)
    late.send({"type": "resume", "after": {generation: 0}})
    late.hear_end(generation)
    assert late.events(generation) == alice.events(generation)
