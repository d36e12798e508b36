"""Generations by REST."""

from typing import Any
from uuid import uuid4

import pytest

from apps.assistant.decisions import decide
from apps.assistant.messages.client import Decide
from apps.assistant.messages.events import Failed
from apps.assistant.models import Generation
from apps.assistant.transcripts import replay, store_end
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def body(**fields: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "action": "continue", "input": {"text_before": "Once. "}, **fields}


def test_every_action_is_listed_with_what_it_takes() -> None:
    actions = browser_of(make_user("Alice")).get("/api/v1/actions").json()
    by_name = {action["name"]: action for action in actions}
    assert {"continue", "complete", "grammar", "suggest", "rewrite", "translate", "story", "custom"} <= set(by_name)
    for action in actions:
        assert set(action["input"]["required"]) <= set(action["input"]["properties"])
        assert action["input"]["additionalProperties"] is False
    assert by_name["continue"]["input"]["required"] == ["text_before"]
    assert by_name["suggest"]["input"]["required"] == ["selection", "aspect"]
    assert "clarity" in by_name["suggest"]["input"]["properties"]["aspect"]["examples"]
    assert [by_name[name]["output"] for name in ("grammar", "suggest", "rewrite")] == ["edits", "edits", "text"]


def test_an_editor_starts_a_generation_once() -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    request = body()
    path = f"/api/v1/documents/{document.pk}/generations/"
    for _ in range(2):
        answer = browser_of(alice).post(path, request, content_type="application/json")
        assert (answer.status_code, answer.json()) == (202, {"id": request["id"]})
    assert Generation.objects.count() == 1
    listed = browser_of(alice).get(path).json()
    assert (listed["count"], listed["items"][0]["status"]) == (1, "queued")


def test_a_viewer_starts_nothing_and_a_stranger_sees_nothing() -> None:
    alice, vera, mallory = make_user("Alice"), make_user("Vera"), make_user("Mallory")
    document = make_document(alice, viewers=[vera])
    path = f"/api/v1/documents/{document.pk}/generations/"
    for person, status in ((vera, 403), (mallory, 404)):
        answer = browser_of(person).post(path, body(), content_type="application/json")
        assert answer.status_code == status
    request = body()
    browser_of(alice).post(path, request, content_type="application/json")
    one = f"/api/v1/generations/{request['id']}/"
    assert browser_of(vera).get(one).status_code == 200
    assert browser_of(mallory).get(one).status_code == browser_of(mallory).get(path).status_code == 404


def test_private_generations_are_listed_for_their_person_only() -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    document = make_document(alice, editors=[bob])
    path = f"/api/v1/documents/{document.pk}/generations/"
    request = body(visibility="private")
    browser_of(alice).post(path, request, content_type="application/json")
    assert browser_of(alice).get(path).json()["count"] == 1
    assert browser_of(bob).get(path).json()["count"] == 0
    assert browser_of(bob).get(f"/api/v1/generations/{request['id']}/").status_code == 404


def test_generations_are_listed_by_action() -> None:
    alice = make_user("Alice")
    path = f"/api/v1/documents/{make_document(alice).pk}/generations/"
    for action in ("continue", "complete"):
        browser_of(alice).post(path, body(action=action), content_type="application/json")
    listed = browser_of(alice).get(path, {"action": "complete"}).json()
    assert [item["action"] for item in listed["items"]] == ["complete"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"action": "dance"}, 400, "unsupported_action"),
        ({"input": {"text_before": "x" * 200_001}}, 413, "too_large"),
        ({"input": {}}, 400, "invalid"),
        ({"id": "seven"}, 400, "invalid"),
        ({"surplus": 1}, 400, "invalid"),
    ],
)
def test_a_bad_request_is_a_problem_with_a_code(fields: dict[str, Any], status: int, code: str) -> None:
    alice = make_user("Alice")
    path = f"/api/v1/documents/{make_document(alice).pk}/generations/"
    answer = browser_of(alice).post(path, body(**fields), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_person_may_start_only_so_many_in_a_minute(settings: Any) -> None:
    settings.ASSISTANT_GENERATIONS_PER_MINUTE = 2
    alice = make_user("Alice")
    path = f"/api/v1/documents/{make_document(alice).pk}/generations/"
    answers = [browser_of(alice).post(path, body(), content_type="application/json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert int(answers[-1]["Retry-After"]) > 0


def test_an_ended_generation_shows_its_text_and_decisions_and_replays_with_its_numbers() -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    request = body()
    browser_of(alice).post(f"/api/v1/documents/{document.pk}/generations/", request, content_type="application/json")
    generation = Generation.objects.get()
    early = Decide(type="decide", id=generation.pk, decision="rejected")
    decide(alice, document.pk, early)
    decide(alice, document.pk, early)  # its answer did not arrive
    ending = Failed(
        type="failed", id=generation.pk, seq=5, code="stalled", message="Stopped.", retryable=True, partial=True
    )
    stored = store_end(generation.pk, epoch=0, ending=ending, text="onetwo", lengths=[3, 0, 3], model="openai/test")
    assert stored is not None
    assert [line.seq for line in stored] == [5, 6]
    assert store_end(generation.pk, epoch=0, ending=ending, text="", lengths=[], model="") is None
    decide(alice, document.pk, Decide(type="decide", id=generation.pk, decision="accepted", final_text="one"))
    decide(alice, document.pk, Decide(type="decide", id=generation.pk, decision="accepted", final_text="one"))
    lines = replay(Generation.objects.get())
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    shown = browser_of(alice).get(f"/api/v1/generations/{generation.pk}/").json()
    assert (shown["text"], shown["state"], shown["error_code"]) == ("onetwo", "failed", "stalled")
    assert [decision["decision"] for decision in shown["decisions"]] == ["rejected", "accepted"]
