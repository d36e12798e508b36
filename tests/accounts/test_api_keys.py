"""API keys: what they open, what they do not, and how they end."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiKey, Scope, User
from apps.accounts.tokens import BadToken, is_still_good, make_token, read_token
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = "/api/v1/api-keys/"
JSON = "application/json"


def make_key(user: User, *scopes: str, **fields: Any) -> tuple[dict[str, Any], Client]:
    """Return a key as REST answers it, and a program that uses it."""
    body = {"name": "Nightly", "scopes": scopes or Scope.values, **fields}
    answer = browser_of(user).post(KEYS, body, content_type=JSON)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made, program(made["key"])


def program(key: str) -> Client:
    return Client(headers={"authorization": f"Bearer {key}"})


def test_a_key_opens_what_its_person_may_see_and_nothing_else() -> None:
    alice, mallory = make_user("Alice"), make_user("Mallory")
    own, foreign = make_document(alice, "Heron"), make_document(mallory)
    _, client = make_key(alice)
    assert client.get(f"/api/v1/documents/{own.pk}/").json()["title"] == "Heron"
    assert client.get(f"/api/v1/documents/{foreign.pk}/").status_code == 404
    assert client.post("/api/v1/documents/", {"title": "By a program"}, content_type=JSON).status_code == 201


def test_the_text_of_a_key_is_stored_nowhere() -> None:
    made, _ = make_key(make_user("Alice"))
    row = ApiKey.objects.get()
    secret = made["key"].rpartition("_")[2]
    assert secret not in {str(value) for value in vars(row).values()}
    assert made["prefix"] == f"il_{row.prefix}"


def test_listing_shows_no_key_again() -> None:
    alice = make_user("Alice")
    make_key(alice)
    (listed,) = browser_of(alice).get(KEYS).json()
    assert "key" not in listed
    assert listed["last_used_at"] is None


@pytest.mark.parametrize(
    ("scopes", "read", "write", "ask"),
    [
        (["documents:read"], 200, 403, 403),
        (["documents:write"], 403, 201, 403),
        (["assistant"], 403, 403, 202),
    ],
)
def test_a_key_does_what_its_scopes_say(scopes: list[str], read: int, write: int, ask: int) -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    _, client = make_key(alice, *scopes)
    asked = {"id": str(uuid4()), "action": "continue", "input": {"text_before": "Once. "}}
    answers = (
        client.get(f"/api/v1/documents/{document.pk}/"),
        client.post("/api/v1/documents/", {"title": ""}, content_type=JSON),
        client.post(f"/api/v1/documents/{document.pk}/generations/", asked, content_type=JSON),
    )
    assert [answer.status_code for answer in answers] == [read, write, ask]


@pytest.mark.parametrize(
    "header", ["Bearer il_abc_def", "Bearer ", "Bearer x", "Basic dTpw", "il_1_2", "Bearer il_é_ü"]
)
def test_a_wrong_key_is_refused_even_beside_a_session(header: str) -> None:
    answer = browser_of(make_user("Alice")).get("/api/v1/documents/", headers={"authorization": header})
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_an_almost_right_key_is_refused() -> None:
    made, _ = make_key(make_user("Alice"))
    last = made["key"][-1]
    assert program(made["key"][:-1] + ("0" if last != "0" else "1")).get("/api/v1/documents/").status_code == 401


def test_a_revoked_key_and_one_of_a_closed_account_end_at_once() -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    made, client = make_key(alice)
    _, of_bob = make_key(bob)
    assert browser_of(bob).delete(f"{KEYS}{made['id']}/").status_code == 404
    assert browser_of(alice).delete(f"{KEYS}{made['id']}/").status_code == 204
    assert client.get("/api/v1/documents/").status_code == 401
    bob.is_active = False
    bob.save()
    assert of_bob.get("/api/v1/documents/").status_code == 401


def test_an_expired_key_is_refused() -> None:
    made, client = make_key(make_user("Alice"), expires_at=(timezone.now() + timedelta(hours=1)).isoformat())
    ApiKey.objects.filter(pk=made["id"]).update(expires_at=timezone.now())
    assert client.get("/api/v1/documents/").status_code == 401


def test_a_rotated_key_goes_on_beside_its_successor_for_the_overlap() -> None:
    alice = make_user("Alice")
    made, old = make_key(alice, "documents:read")
    answer = browser_of(alice).post(f"{KEYS}{made['id']}/rotate", {"overlap_hours": 1}, content_type=JSON)
    new = program(answer.json()["key"])
    assert answer.json()["scopes"] == ["documents:read"]
    assert [client.get("/api/v1/documents/").status_code for client in (old, new)] == [200, 200]
    again = browser_of(alice).post(f"{KEYS}{made['id']}/rotate", {"overlap_hours": 1}, content_type=JSON)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    ApiKey.objects.filter(pk=made["id"]).update(expires_at=timezone.now())
    assert [client.get("/api/v1/documents/").status_code for client in (old, new)] == [401, 200]


def test_use_is_noted() -> None:
    alice = make_user("Alice")
    _, client = make_key(alice)
    client.get("/api/v1/documents/")
    assert browser_of(alice).get(KEYS).json()[0]["last_used_at"] is not None


def test_keys_cannot_make_keys() -> None:
    _, client = make_key(make_user("Alice"))
    answer = client.post(KEYS, {"name": "More", "scopes": ["assistant"]}, content_type=JSON)
    assert answer.status_code == 403
    assert client.get(KEYS).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "   "},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"surplus": 1},
    ],
)
def test_a_bad_request_for_a_key_is_a_problem(fields: dict[str, Any]) -> None:
    body = {"name": "Nightly", "scopes": ["assistant"], **fields}
    answer = browser_of(make_user("Alice")).post(KEYS, body, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not ApiKey.objects.exists()


def test_a_person_has_only_so_many_keys(settings: Any) -> None:
    settings.API_KEYS_PER_PERSON = 1
    alice = make_user("Alice")
    made, _ = make_key(alice)
    browser = browser_of(alice)
    refused = browser.post(KEYS, {"name": "Two", "scopes": ["assistant"]}, content_type=JSON)
    assert refused.status_code == 409
    browser.delete(f"{KEYS}{made['id']}/")
    make_key(alice)


# ---------------------------------------------------------------- tokens for sockets


def token_of(client: Client, **fields: Any) -> str:
    answer = client.post("/api/v1/tokens", fields, content_type=JSON)
    assert answer.status_code == 201, answer.content
    text: str = answer.json()["token"]
    return text


def test_a_token_says_who_what_and_where() -> None:
    alice = make_user("Alice")
    made, client = make_key(alice, "assistant")
    document = uuid4()
    token = read_token(token_of(client, document=str(document)))
    assert (token.user_id, token.document_id, str(token.key_id)) == (alice.pk, document, made["id"])
    assert token.may(Scope.ASSISTANT)
    assert not token.may(Scope.DOCUMENTS_READ)


def test_a_token_is_had_without_saying_anything() -> None:
    alice = make_user("Alice")
    answer = make_key(alice)[1].post("/api/v1/tokens", "", content_type=JSON)
    assert answer.status_code == 201
    assert read_token(answer.json()["token"]).document_id is None


def test_a_token_ends_with_its_key(settings: Any) -> None:
    alice = make_user("Alice")
    made, client = make_key(alice)
    token = read_token(token_of(client))
    key = ApiKey.objects.get()
    assert is_still_good(token, alice, key)
    browser_of(alice).delete(f"{KEYS}{made['id']}/")
    assert not is_still_good(token, alice, ApiKey.objects.get())
    assert not is_still_good(token, alice, None)


def test_a_token_of_a_session_ends_with_the_password() -> None:
    alice = make_user("Alice")
    token = read_token(token_of(browser_of(alice)))
    assert token.key_id is None
    assert is_still_good(token, alice, None)
    alice.set_password("another horse 9")
    assert not is_still_good(token, alice, None)


def test_old_and_forged_tokens_are_refused(settings: Any) -> None:
    alice = make_user("Alice")
    text, _ = make_token(alice, key=None)
    head, body, signature = text.split(".")
    for forged in ("", "x", f"{head}.{body}.", f"{head}.{body[:-4]}AAAA.{signature}", text[:-2]):
        with pytest.raises(BadToken):
            read_token(forged)
    settings.SOCKET_TOKEN_SECONDS = -1
    with pytest.raises(BadToken):
        read_token(make_token(alice, key=None)[0])
