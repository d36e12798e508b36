"""Generations followed over REST: server-sent events by API key."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from apps.accounts.api_keys import create_key, revoke_key
from apps.accounts.models import Scope, User
from apps.assistant.models import Generation
from tests.assistant.clients import assert_whole
from tests.assistant.conftest import House
from tests.processes import WebProcess, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Program:
    """Uses REST with a key of its person."""

    def __init__(self, house: House, user: User, web: WebProcess | None = None) -> None:
        self.house = house
        url = (web or house.web).url
        self.key, text = create_key(user, name="Program", scopes=Scope.values)
        self.http = house.stack.enter_context(
            httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {text}"}, timeout=60)
        )

    def generate(self, text: str = "It was late. ", **fields: Any) -> str:
        body = {"id": str(uuid4()), "action": "continue", "input": {"text_before": text}, **fields}
        answer = self.http.post(f"/documents/{self.house.document.pk}/generations/", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    @contextmanager
    def events(self, generation_id: str, after: int | None = None) -> Iterator[Iterator[dict[str, Any]]]:
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        with self.http.stream("GET", f"/generations/{generation_id}/events", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream"), answer.read()
            yield parsed(answer.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    number = ""
    for line in lines:
        if line.startswith("id: "):
            number = line[4:]
        elif line.startswith("data: "):
            event = json.loads(line[6:])
            assert str(event["seq"]) == number
            yield event


def test_a_program_follows_its_generation_to_the_end(house: House) -> None:
    program = Program(house, house.alice)
    house.provider.behave(text="one two three four five")
    generation_id = program.generate()
    with program.events(generation_id) as events:
        heard = list(events)
    assert [heard[0]["type"], heard[-1]["type"]] == ["started", "done"]
    assert_whole(heard)
    text = "".join(event["text"] for event in heard if event["type"] == "chunk")
    assert text.strip() == "one two three four five"


def test_a_cut_stream_goes_on_after_the_last_event_without_a_gap(house: House) -> None:
    program = Program(house, house.bob)
    house.provider.behave(tokens=40, rate=80)
    generation_id = program.generate()
    heard: list[dict[str, Any]] = []
    with program.events(generation_id) as events:
        for event in events:
            heard.append(event)
            if len(heard) == 4:
                break
    while heard[-1]["type"] != "done":
        with program.events(generation_id, after=heard[-1]["seq"]) as events:
            heard += events
    assert_whole(heard)


def test_a_stream_ends_in_good_order_with_its_process_and_goes_on_elsewhere(house: House) -> None:
    house.provider.behave(tokens=3_000, rate=20)
    leaving = house.start_web()
    program = Program(house, house.alice, leaving)
    generation_id = program.generate(options={"max_tokens": 4_000})
    with program.events(generation_id) as events:
        heard = [next(events)]
        assert leaving.process is not None
        leaving.process.terminate()
        heard += events  # raises where a stream is only cut off
    assert heard[-1]["type"] in ("started", "chunk")
    elsewhere = Program(house, house.alice)
    elsewhere.http.post(f"/generations/{generation_id}/cancel")
    with elsewhere.events(generation_id, after=heard[-1]["seq"]) as events:
        heard += events
    assert heard[-1]["type"] == "cancelled"
    assert_whole(heard)


def test_an_ended_generation_is_replayed_and_then_there_is_nothing_more(house: House) -> None:
    program = Program(house, house.alice)
    generation_id = program.generate()
    with program.events(generation_id) as events:
        live = list(events)
    wait_until(lambda: Generation.objects.get(pk=generation_id).is_ended)
    with program.events(generation_id) as events:
        assert [event["seq"] for event in events] == list(range(1, live[-1]["seq"] + 1))
    path = f"/generations/{generation_id}/events"
    assert program.http.get(path, headers={"Last-Event-ID": str(live[-1]["seq"])}).status_code == 204


def test_strangers_private_ones_and_nonsense_are_refused(house: House) -> None:
    alice, bob = Program(house, house.alice), Program(house, house.bob)
    private = alice.generate(visibility="private")
    assert bob.http.get(f"/generations/{private}/events").status_code == 404
    assert bob.http.get(f"/generations/{uuid4()}/events").status_code == 404
    path = f"/generations/{private}/events"
    assert alice.http.get(path, headers={"Last-Event-ID": "seven"}).status_code == 400
    assert httpx.get(f"{house.web.url}/api/v1{path}", timeout=60).status_code == 401
    revoke_key(house.alice, alice.key.pk)
    assert alice.http.get(path).status_code == 401


def test_a_stream_ends_when_its_reader_may_not_read_any_more(house: House) -> None:
    alice, program = Program(house, house.alice), Program(house, house.bob)
    house.provider.behave(tokens=400, rate=20)
    generation_id = program.generate()
    with program.events(generation_id) as events:
        assert next(events)["type"] == "started"
        gone = alice.http.delete(f"/documents/{house.document.pk}/members/{house.bob.pk}/")
        assert gone.status_code == 204
        rest = list(events)
    assert all(event["type"] != "done" for event in rest)
    house.join(house.alice).send({"type": "cancel", "id": generation_id})


def test_a_stream_ends_when_its_key_is_revoked(house: House) -> None:
    program, other = Program(house, house.alice), Program(house, house.alice)
    house.provider.behave(tokens=400, rate=20)
    generation_id = program.generate()
    with program.events(generation_id) as events, other.events(generation_id) as others:
        assert (next(events)["type"], next(others)["type"]) == ("started", "started")
        revoke_key(house.alice, program.key.pk)
        assert all(event["type"] == "chunk" for event in events)
        assert other.http.post(f"/generations/{generation_id}/cancel").status_code == 202
        assert list(others)[-1]["type"] == "cancelled"


def test_a_program_stops_a_generation_and_decides_about_it(house: House) -> None:
    program, vera = Program(house, house.alice), Program(house, house.vera)
    house.provider.behave(tokens=400, rate=20)
    generation_id = program.generate()
    with program.events(generation_id) as events:
        assert next(events)["type"] == "started"
        assert vera.http.post(f"/generations/{generation_id}/cancel").status_code == 403
        assert program.http.post(f"/generations/{generation_id}/cancel").status_code == 202
        assert list(events)[-1]["type"] == "cancelled"
    path = f"/generations/{generation_id}/decisions"
    assert vera.http.post(path, json={"decision": "accepted"}).status_code == 403
    assert program.http.post(path, json={"decision": "perhaps"}).status_code == 400
    assert program.http.post(path, json={"decision": "edited", "final_text": "the"}).status_code == 201
    (decision,) = program.http.get(f"/generations/{generation_id}/").json()["decisions"]
    assert decision["decision"] == "edited"
