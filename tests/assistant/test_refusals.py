"""Who may not, and what is no message: a typed answer, and the socket stays open where it can."""

import json
import re
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from apps.accounts.models import User
from apps.assistant.models import Generation
from apps.documents.links import change_link, create_link, enter
from apps.documents.models import Document, Membership, Role
from apps.documents.signals import access_changed
from tests.assistant.clients import AssistantClient, cookie_of
from tests.assistant.conftest import House


def test_it_refuses_a_viewer(house: House) -> None:
    vera = house.join(house.vera)
    generation = vera.generate()
    refusal = vera.hear_type("error")
    assert (refusal["id"], refusal["code"], refusal["retryable"]) == (generation, "forbidden", False)
    assert not Generation.objects.exists()


def test_a_viewer_receives_shared_events(house: House) -> None:
    alice, vera = house.join(house.alice), house.join(house.vera)
    generation = alice.generate()
    assert vera.hear_end(generation)["type"] == "done"


def test_it_refuses_a_commenter(house: House) -> None:
    Membership.objects.filter(user=house.bob).update(role=Role.COMMENTER)
    bob = house.join(house.bob)
    bob.generate()
    assert bob.hear_type("error")["code"] == "forbidden"


def test_an_absent_and_a_foreign_document_look_alike(house: House) -> None:
    foreign = Document.objects.create()
    absent = Document(id=uuid4())
    codes = [AssistantClient(house.web, house.alice, document).close_code() for document in (foreign, absent)]
    assert codes == [4404, 4404]


def test_it_refuses_somebody_who_is_not_signed_in(house: House) -> None:
    assert house.connect(None).close_code() == 4401


def test_losing_access_closes_the_socket_at_once(house: House) -> None:
    bob = house.join(house.bob)
    cookie = cookie_of(house.alice)
    with httpx.Client(base_url=house.web.url, headers={"Cookie": cookie}, timeout=60) as browser:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/documents/").text)
        assert token
        answer = browser.delete(
            f"/api/v1/documents/{house.document.pk}/members/{house.bob.pk}/",
            headers={
                "X-CSRFToken": token[1],
                "Cookie": f"{cookie_of(house.alice)}; csrftoken={browser.cookies['csrftoken']}",
            },
        )
    assert answer.status_code == 204, answer.text
    assert bob.close_code() == 4403


def test_a_role_that_was_taken_holds_for_the_next_request(house: House) -> None:
    bob = house.join(house.bob)
    Membership.objects.filter(user=house.bob).update(role=Role.VIEWER)
    bob.generate()
    assert bob.hear_type("error")["code"] == "forbidden"


def test_a_changed_role_is_told_at_once(house: House) -> None:
    bob, alice = house.join(house.bob), house.join(house.alice)
    for role in (Role.VIEWER, Role.EDITOR):
        Membership.objects.filter(user=house.bob).update(role=role)
        access_changed.send(sender=None, document_id=house.document.pk, user_id=house.bob.pk)
        assert bob.hear_type("role")["role"] == role
    alice.settled()
    assert not any(frame["type"] == "role" for frame in alice.frames)


def test_a_link_that_expires_ends_the_socket(house: House) -> None:
    """By the clock: nobody tells of it, and the look at every socket comes later."""
    carol = User.objects.create(email=f"carol-{uuid4().hex}@example.org", name="Carol")
    link = create_link(house.document, role=Role.COMMENTER, created_by=house.alice)
    enter(link, carol)
    socket = house.connect(carol)
    assert socket.hear_type("hello")["role"] == Role.COMMENTER
    change_link(house.document, link.pk, expires_at=timezone.now() + timedelta(seconds=2))
    assert socket.close_code() == 4403


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"generate"',
        "{}",
        '{"type": "dance"}',
        '{"type": "generate"}',
        '{"type": "generate", "id": "no-uuid", "action": "continue"}',
        '{"type": "ping", "nonce": {"a": 1}}',
        '{"type": "ping", "extra": 1}',
        '{"type": "resume", "after": {"x": 1}}',
        '{"type": "resume", "after": [1]}',
        '{"type": "cancel", "id": null}',
        '{"type": "ping", "nonce": NaN}',
        "[" * 100_000,
        '{"a":' * 50_000,
        b"\x00\x01\x02",
        json.dumps({"type": "generate", "id": str(uuid4()), "action": "continue", "anchor": "x" * 2_000}),
    ],
    ids=lambda frame: repr(frame[:24]),
)
def test_a_bad_frame_is_answered_and_the_socket_stays_open(house: House, frame: str | bytes) -> None:
    alice = house.join(house.alice)
    alice.send(frame)
    assert alice.hear_type("error")["code"] == "invalid"
    alice.settled()


def test_twenty_bad_frames_in_a_row_close_the_socket(house: House) -> None:
    alice = house.join(house.alice)
    for _ in range(19):
        alice.send("nonsense")
    alice.settled()
    for _ in range(20):
        alice.send("nonsense")
    assert alice.close_code() == 4400


def test_an_unknown_action_is_named_so(house: House) -> None:
    alice = house.join(house.alice)
    generation = alice.generate(action="dance")
    refusal = alice.hear_type("error")
    assert (refusal["id"], refusal["code"]) == (generation, "unsupported_action")


def test_it_refuses_input_the_action_does_not_take(house: House) -> None:
    alice = house.join(house.alice)
    alice.generate(input={"text_before": "a", "tone": "formal"})
    assert "tone" in alice.hear_type("error")["message"]
    alice.generate(input={"text_after": "a"})
    assert "text_before" in alice.hear_type("error")["message"]


def test_it_refuses_too_much_text(house: House) -> None:
    alice = house.join(house.alice)
    generation = alice.generate("x" * 200_001)
    refusal = alice.hear_type("error")
    assert (refusal["id"], refusal["code"]) == (generation, "too_large")


def test_it_refuses_an_unknown_model(house: House) -> None:
    alice = house.join(house.alice)
    alice.generate(options={"model": "openai/expensive"})
    assert alice.hear_type("error")["code"] == "invalid"


def test_a_frame_over_the_limit_closes_with_4413(house: House) -> None:
    alice = house.join(house.alice)
    alice.send(json.dumps({"type": "ping", "nonce": "x" * 5_000_000}))
    assert alice.close_code() == 4413


def test_a_flood_of_frames_closes_the_socket(house: House) -> None:
    alice = house.join(house.alice)
    with suppress(ConnectionClosed):
        for _ in range(20_000):
            alice.send('{"type":"ack","after":{}}')
    assert alice.close_code() == 4529


def test_a_cut_emoji_and_a_nul_do_no_harm(house: House) -> None:
    alice = house.join(house.alice)
    generation = str(uuid4())
    text_before = '{"text_before": "a\\ud83e\\u0000b. "}'
    alice.send(f'{{"type": "generate", "id": "{generation}", "action": "continue", "input": {text_before}}}')
    assert alice.hear_end(generation)["type"] == "done"
    assert "a\ufffdb." in house.provider.requests[0].prompt


def test_another_persons_id_is_taken(house: House) -> None:
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate()
    alice.hear_end(generation)
    bob.generate(id=generation)
    assert bob.hear_type("error")["code"] == "invalid"
