"""Ten aspects looked for in one document at once, by three people with one socket each."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apps.documents.models import Membership, Role
from tests.assistant.clients import ENDS, AssistantClient, assert_whole
from tests.assistant.conftest import House
from tests.assistant.test_edits import TEXT, assert_right, edits
from tests.cast import make_user

ASPECTS = (
    *("clarity", "concision", "tone", "structure", "word_choice", "consistency", "argument", "pacing"),
    *("inclusive_language", "too many birds"),
)
FINDINGS = [
    {"original": "teh heron", "replacement": "the heron", "explanation": "A slip."},
    {"original": "a old bird", "replacement": "an old bird", "explanation": "Before a vowel."},
    {"original": "its a old bridge", "replacement": "it is an old bridge", "explanation": "Two words."},
]
ANSWER = "\n".join([*map(json.dumps, FINDINGS), '{"end": true}'])


def seen_ends(client: AssistantClient) -> dict[str, str]:
    return {frame["id"]: frame["type"] for frame in client.frames if frame["type"] in ENDS}


def most_at_once(client: AssistantClient) -> int:
    """Return how many generations ran between one frame and the next, at most."""
    running = most = 0
    for frame in client.frames:
        running += (frame["type"] == "started") - (frame["type"] in ENDS)
        most = max(most, running)
    return most


def without_quota(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "quota"}  # what is left is for who asked


def test_ten_aspects_of_three_people_come_whole_and_in_order_to_each(house: House) -> None:
    house.provider.behave(text=ANSWER, rate=20)
    people = (house.alice, house.bob, make_user("Carol"))
    Membership.objects.create(document=house.document, user=people[2], role=Role.EDITOR)
    clients = [house.join(person) for person in people]
    wanted: dict[str, dict[str, Any]] = {}
    for number, aspect in enumerate(ASPECTS):
        asking = clients[number % 3]
        anchor = {"from": f"b64:{number}", "to": f"b64:{number + 1}"}
        given = {"selection": TEXT, "aspect": aspect}
        generation = asking.generate(action="suggest", input=given, anchor=anchor)
        wanted[generation] = {"user": people[number % 3].name, "anchor": anchor}

    def hear_all(client: AssistantClient) -> None:
        client.hear_until(lambda _: wanted.keys() <= seen_ends(client).keys(), seconds=60)

    with ThreadPoolExecutor() as threads:
        list(threads.map(hear_all, clients))
    for client in clients:
        assert set(seen_ends(client).values()) == {"done"}
        for generation, asked in wanted.items():
            events = client.events(generation)
            assert_whole(events)
            started, *found, done = events
            assert (started["type"], started["anchor"]) == ("started", asked["anchor"])
            assert started["user"]["name"] == asked["user"]
            assert [edit["edit_id"] for edit in found] == ["1", "2", "3"]
            assert_right(edits(client, generation))
            assert done["edits"] == {"found": 3, "dropped": 0}
            assert (done.get("quota") is not None) == (asked["user"] == people[clients.index(client)].name)
            assert [without_quota(event) for event in events] == [
                without_quota(event) for event in clients[0].events(generation)
            ]
        assert most_at_once(client) >= len(people)
