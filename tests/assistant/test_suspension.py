"""A suspended person is out at once, by every door; what they wrote stays, and what ran for them ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope, User
from apps.accounts.suspension import SUSPENDED, Suspended, restore, suspend
from apps.accounts.tokens import make_token
from apps.assistant.messages.client import Generate, GenerationInput
from apps.assistant.models import Generation
from apps.assistant.services import start_generation
from apps.quotas.models import Entry, Reservation
from tests.assistant.clients import cookie_of
from tests.assistant.conftest import House
from tests.assistant.test_socket_tokens import close_code, opened
from tests.collaboration.clients import SyncClient
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_SECONDS = 30


@contextmanager
def writing(house: House, user: User) -> Iterator[SyncClient]:
    url = f"{house.web.socket_url}/ws/sync/{house.document.pk}?ack=1"
    with SyncClient(url, cookie_of(user), house.web.url) as client:
        yield client


def test_open_sockets_close_what_runs_ends_and_what_was_typed_stays(house: House) -> None:
    house.provider.behave(rate=20, tokens=2_000)
    with writing(house, house.alice) as alice, writing(house, house.bob) as bob:
        alice.sync()
        bob.sync()
        asked = house.join(house.bob)
        generation = asked.generate("The heron waits. ")
        asked.hear_type("chunk", seconds=WAIT_SECONDS)
        bob.type("Typed up to that moment.")
        alice.listen_until(lambda: alice.text, seconds=WAIT_SECONDS, what="what Bob typed")
        suspend(house.bob.pk, by=house.alice, reason="Spam.")
        assert bob.close_code(WAIT_SECONDS) == 4403
        assert asked.close_code(WAIT_SECONDS) == 4403
        watching = house.join(house.alice)
        wait_until(
            lambda: Generation.objects.get(pk=generation).is_ended, seconds=WAIT_SECONDS, what="the generation's end"
        )
        stored = Generation.objects.get(pk=generation)
        assert stored.state == "cancelled"
        assert stored.text
        assert stored.text.startswith(asked.text(generation))
        assert not Reservation.objects.filter(user_id=house.bob.pk).exists()
        entry = Entry.objects.get(user_id=house.bob.pk, generation_id=generation)
        assert entry.tokens == (stored.prompt_tokens or 0) + (stored.completion_tokens or 0) > 0
        assert watching.frames
    with writing(house, house.alice) as later:
        later.sync()
        assert later.text == "Typed up to that moment."


def test_every_other_door_is_closed_too_until_they_are_restored(house: House) -> None:
    key, text = create_key(house.bob, name="Program", scopes=[scope.value for scope in Scope])
    tokens = [make_token(house.bob, key=one)[0] for one in (key, None)]
    program = httpx.Client(base_url=house.web.url, headers={"Authorization": f"Bearer {text}"}, timeout=60)
    browser = httpx.Client(base_url=house.web.url, headers={"Cookie": cookie_of(house.bob)}, timeout=60)
    where = f"/api/v1/documents/{house.document.pk}/"
    with program, browser:
        assert [one.get(where).status_code for one in (program, browser)] == [200, 200]
        suspend(house.bob.pk, by=house.alice, reason="Spam.", until=timezone.now() + timedelta(days=1))
        for client in (program, browser):
            for answer in (client.get(where), client.post("/api/v1/tokens", json={})):
                assert answer.status_code == 403
                assert (answer.json()["code"], answer.json()["detail"]) == ("forbidden", SUSPENDED)
        assert browser.get("/documents/").headers["Location"] == "/suspended/"
        assert browser.get("/admin/").headers["Location"] == "/suspended/"
        for path in ("sync", "assistant"):
            for token in tokens:
                with opened(house, path, token) as socket:
                    assert close_code(socket) == 4403
        assert house.connect(house.bob).close_code() == 4403
        assert restore(house.bob.pk, by=house.alice)
        assert [one.get(where).status_code for one in (program, browser)] == [200, 200]
        assert house.join(house.bob).frames[0]["role"] == "editor"
        assert not restore(house.bob.pk, by=house.alice)


def test_a_stream_over_http_ends(house: House) -> None:
    house.provider.behave(rate=20, tokens=2_000)
    alice = house.join(house.alice)
    generation = alice.generate()
    alice.hear_type("chunk", seconds=WAIT_SECONDS)
    headers = {"Cookie": cookie_of(house.bob)}
    url = f"{house.web.url}/api/v1/generations/{generation}/events"
    with httpx.Client(headers=headers, timeout=WAIT_SECONDS) as http, http.stream("GET", url) as stream:
        lines = stream.iter_lines()
        assert any(line.startswith("data: ") for line in lines)
        suspend(house.bob.pk, by=house.alice, reason="Spam.")
        assert not any('"done"' in line for line in lines)
    assert not Generation.objects.get(pk=generation).is_ended
    alice.send({"type": "cancel", "id": generation})
    alice.hear_end(generation, seconds=WAIT_SECONDS)


def test_nothing_is_started_for_whom_an_open_socket_let_in_before(house: House) -> None:
    """The person's row as it was read when the socket opened: the access statement looks anew."""
    suspend(house.bob.pk, by=house.alice, reason="Spam.")
    request = Generate(type="generate", id=uuid4(), action="continue", input=GenerationInput(text_before="A heron. "))
    assert not house.bob.is_suspended
    with pytest.raises(Suspended):
        start_generation(house.bob, house.document.pk, request)
    assert not Generation.objects.exists()
