"""Programs on the sockets: tokens instead of a session and an origin."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from django.utils import timezone
from pycrdt import Doc, Map, create_sync_message, create_update_message
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from apps.accounts.api_keys import create_key, revoke_key, rotate_key
from apps.accounts.models import Scope, User
from apps.accounts.tokens import make_token
from tests.assistant.conftest import House
from tests.cast import browser_of, make_document
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

STEP_2 = b"\x00\x01"


def key_of(user: User, *scopes: Scope) -> tuple[str, str]:
    """Return the id of a new key, and a token made with it."""
    key, _ = create_key(user, name="Program", scopes=[scope.value for scope in scopes or tuple(Scope)])
    return str(key.pk), make_token(user, key=key)[0]


@contextmanager
def opened(
    house: House, path: str, token: str, *, by: str = "subprotocol", **headers: str
) -> Iterator[ClientConnection]:
    query = f"?token={token}" if by == "query" else ""
    protocols: Any = [f"bearer.{token}"] if by == "subprotocol" else None
    address = f"{house.web.socket_url}/ws/{path}/{house.document.pk}{query}"
    with connect(address, subprotocols=protocols, additional_headers=headers, compression=None) as socket:
        yield socket


def close_code(socket: ClientConnection, seconds: float = 30) -> int:
    try:
        while True:
            socket.recv(timeout=seconds)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


def edit() -> bytes:
    doc: Doc[Any] = Doc()
    doc.get("meta", type=Map)["title"] = "By a program"
    return doc.get_update()


def hear_step_2(socket: ClientConnection) -> None:
    while True:
        message = socket.recv(timeout=30)
        if isinstance(message, bytes) and message.startswith(STEP_2):
            return


@pytest.mark.parametrize("by", ["subprotocol", "query"])
def test_a_program_enters_both_sockets_without_an_origin(house: House, by: str) -> None:
    _, token = key_of(house.bob)
    with opened(house, "sync", token, by=by) as socket:
        socket.send(create_sync_message(Doc()))
        hear_step_2(socket)
    with opened(house, "assistant", token, by=by) as socket:
        assert '"hello"' in str(socket.recv(timeout=30))


def test_a_token_beats_the_cookie_of_somebody_else(house: House) -> None:
    cookie = "; ".join(f"{one.key}={one.value}" for one in browser_of(house.alice).cookies.values())
    with opened(house, "sync", "nonsense", Cookie=cookie, Origin=house.web.url) as socket:
        assert close_code(socket) == 4401


def test_without_a_token_a_program_needs_an_origin(house: House) -> None:
    cookie = "; ".join(f"{one.key}={one.value}" for one in browser_of(house.alice).cookies.values())
    with connect(
        f"{house.web.socket_url}/ws/sync/{house.document.pk}", additional_headers={"Cookie": cookie}
    ) as socket:
        assert close_code(socket) == 4403


def test_a_token_for_another_document_and_an_old_one_are_refused(house: House, settings: Any) -> None:
    key, _ = create_key(house.alice, name="Program", scopes=Scope.values)
    other = make_document(house.alice)
    settings.SOCKET_TOKEN_SECONDS = -1
    old = make_token(house.alice, key=key)[0]
    settings.SOCKET_TOKEN_SECONDS = 60
    for token in (old, make_token(house.alice, key=key, document_id=other.pk)[0]):
        for path in ("sync", "assistant"):
            with opened(house, path, token) as socket:
                assert close_code(socket) == 4401


def test_scopes_bound_what_a_program_does_on_the_sockets(house: House) -> None:
    _, reads = key_of(house.bob, Scope.DOCUMENTS_READ)
    _, asks = key_of(house.bob, Scope.ASSISTANT)
    with opened(house, "assistant", reads) as socket:
        assert close_code(socket) == 4401
    with opened(house, "sync", asks) as socket:
        assert close_code(socket) == 4401
    with opened(house, "sync", reads) as socket:
        socket.send(create_sync_message(Doc()))
        hear_step_2(socket)
        socket.send(create_update_message(edit()))
        assert close_code(socket) == 4403


def test_a_revoked_key_closes_its_sockets(house: House) -> None:
    key_id, token = key_of(house.alice)
    with opened(house, "sync", token) as sync, opened(house, "assistant", token) as assistant:
        sync.send(create_sync_message(Doc()))
        hear_step_2(sync)
        assert '"hello"' in str(assistant.recv(timeout=30))
        client = browser_of(house.alice)
        cookies = {one.key: str(one.value) for one in client.cookies.values()}
        with httpx.Client(base_url=house.web.url, cookies=cookies, timeout=60) as browser:
            browser.get("/settings/")
            csrf = next(value for name, value in browser.cookies.items() if name.startswith("csrf"))
            gone = browser.delete(f"/api/v1/api-keys/{key_id}/", headers={"X-CSRFToken": csrf, "Origin": house.web.url})
            assert gone.status_code == 204, gone.text
        assert close_code(sync) == 4401
        assert close_code(assistant) == 4401


def test_a_key_that_is_replaced_without_an_overlap_closes_its_sockets(house: House) -> None:
    key_id, token = key_of(house.alice)
    with opened(house, "sync", token) as sync, opened(house, "assistant", token) as assistant:
        sync.send(create_sync_message(Doc()))
        hear_step_2(sync)
        assert '"hello"' in str(assistant.recv(timeout=30))
        rotate_key(house.alice, UUID(key_id), overlap=timedelta(0))
        assert close_code(sync, seconds=30) == 4401
        assert close_code(assistant, seconds=30) == 4401


def test_a_socket_outlives_its_token_only_where_it_was_renewed(house: House, settings: Any) -> None:
    key, _ = create_key(house.alice, name="Program", scopes=Scope.values)
    settings.SOCKET_TOKEN_SECONDS = 6
    short, ends_at = make_token(house.alice, key=key)
    with opened(house, "assistant", short) as renewed, opened(house, "assistant", short) as left:
        assert '"hello"' in str(renewed.recv(timeout=30))
        assert '"hello"' in str(left.recv(timeout=30))
        settings.SOCKET_TOKEN_SECONDS = 60
        renewed.send(json.dumps({"type": "token", "token": make_token(house.alice, key=key)[0]}))
        wait_until(lambda: timezone.now() > ends_at, what="the token's end")
        other_id, _ = key_of(house.alice)
        revoke_key(house.alice, UUID(other_id))  # has every socket of hers looked at
        assert close_code(left, seconds=30) == 4401
        renewed.send(json.dumps({"type": "resume", "after": {str(uuid4()): 0}}))
        assert next_error(renewed)["code"] == "not_found"


def test_a_token_is_renewed_by_the_same_person_only(house: House) -> None:
    _, own = key_of(house.bob)
    _, foreign = key_of(house.alice)
    with opened(house, "assistant", own) as socket:
        for token, code in ((foreign, "forbidden"), ("nonsense", "forbidden"), (key_of(house.bob)[1], "not_found")):
            socket.send(json.dumps({"type": "token", "token": token}))
            if code == "not_found":  # nothing is said of a good one: the next answer is to the next question
                socket.send(json.dumps({"type": "resume", "after": {str(uuid4()): 0}}))
            assert next_error(socket)["code"] == code
    cookie_socket = house.join(house.bob)
    cookie_socket.send({"type": "token", "token": own})
    assert cookie_socket.hear_type("error")["code"] == "forbidden"


def next_error(socket: ClientConnection) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=30))
        if frame["type"] == "error":
            return frame
