"""Who may do what: every role at every entry, and nothing that tells an absent document from a forbidden one."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.core.errors import Forbidden, NotFound
from apps.documents.access import access_document
from apps.documents.models import Document, Role
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db

ROLES = [role.value for role in Role]
Request = Callable[[Client, str], Any]

# Entry, how it is asked for, and the roles it is for.
ENTRIES: list[tuple[str, Request, list[str]]] = [
    ("open the editor", lambda b, d: b.get(f"/documents/{d}/"), ROLES),
    ("ask to rename", lambda b, d: b.get(f"/documents/{d}/rename/"), ["owner", "editor"]),
    ("rename", lambda b, d: b.post(f"/documents/{d}/rename/", {"title": "New"}), ["owner", "editor"]),
    ("trash", lambda b, d: b.post(f"/documents/{d}/trash/"), ["owner"]),
    ("restore", lambda b, d: b.post(f"/documents/{d}/restore/"), ["owner"]),
    ("ask to leave", lambda b, d: b.get(f"/documents/{d}/leave/"), ROLES),
    ("read by REST", lambda b, d: b.get(_rest(d)), ROLES),
    ("rename by REST", lambda b, d: _send(b.patch, _rest(d), {"title": "New"}), ["owner", "editor"]),
    ("trash by REST", lambda b, d: b.delete(_rest(d)), ["owner"]),
    ("purge by REST", lambda b, d: b.delete(_rest(d) + "?purge=true"), ["owner"]),
    ("restore by REST", lambda b, d: b.post(_rest(d) + "restore"), ["owner"]),
    ("list members", lambda b, d: b.get(_rest(d) + "members/"), ["owner"]),
    (
        "invite",
        lambda b, d: _send(b.post, _rest(d) + "members/", {"email": "new@example.com", "role": "viewer"}),
        ["owner"],
    ),
    ("list links", lambda b, d: b.get(_rest(d) + "links/"), ["owner"]),
    ("make a link", lambda b, d: _send(b.post, _rest(d) + "links/", {"role": "viewer"}), ["owner"]),
    ("withdraw an invitation", lambda b, d: b.delete(_rest(d) + "invitations/waiting@example.com/"), ["owner"]),
]
BY_NAME = {name: (ask, allowed) for name, ask, allowed in ENTRIES}


def _rest(document: str) -> str:
    return f"/api/v1/documents/{document}/"


def _send(method: Any, path: str, body: dict[str, str]) -> Any:
    return method(path, body, content_type="application/json")


@pytest.fixture
def cast() -> dict[str, User]:
    return {name: make_user(name.capitalize()) for name in [*ROLES, "stranger"]}


@pytest.fixture
def document(cast: dict[str, User]) -> Document:
    made = make_document(
        cast["owner"], "Secret", editors=[cast["editor"]], commenters=[cast["commenter"]], viewers=[cast["viewer"]]
    )
    made.invitations.create(email="waiting@example.com", role="viewer", invited_by=cast["owner"])
    return made


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("entry", BY_NAME)
def test_each_entry_is_open_to_its_roles_only(cast: dict[str, User], document: Document, entry: str, role: str) -> None:
    ask, allowed = BY_NAME[entry]
    answer = ask(browser_of(cast[role]), str(document.pk))
    if role in allowed:
        assert answer.status_code < 400
    else:
        assert answer.status_code == 403
        document.refresh_from_db()
        assert (document.title, document.trashed_at) == ("Secret", None)


@pytest.mark.parametrize("entry", BY_NAME)
def test_absent_and_forbidden_look_alike(cast: dict[str, User], document: Document, entry: str) -> None:
    ask, _ = BY_NAME[entry]
    browser = browser_of(cast["stranger"])
    absent = uuid.uuid4()
    forbidden_answer, absent_answer = ask(browser, str(document.pk)), ask(browser, str(absent))
    assert forbidden_answer.status_code == absent_answer.status_code == 404
    assert _comparable(forbidden_answer, document.pk) == _comparable(absent_answer, absent)


@pytest.mark.parametrize("entry", BY_NAME)
def test_absent_and_present_look_alike_to_somebody_who_is_not_logged_in(document: Document, entry: str) -> None:
    ask, _ = BY_NAME[entry]
    absent = uuid.uuid4()
    present_answer, absent_answer = ask(Client(), str(document.pk)), ask(Client(), str(absent))
    assert present_answer.status_code in (302, 401)
    assert present_answer.status_code == absent_answer.status_code
    assert _comparable(present_answer, document.pk) == _comparable(absent_answer, absent)


def _comparable(answer: HttpResponse, document_id: uuid.UUID) -> tuple[str, list[tuple[str, str]]]:
    """Return body and headers without what differs between any two answers: ids, tokens, what is left of a rate."""
    body = answer.content.decode().replace(str(document_id), "…")
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", body)
    body = re.sub(r'"request_id": *"\w+"', "", body)
    own = ("X-Request-ID", "RateLimit")
    headers = [(k, v.replace(str(document_id), "…")) for k, v in answer.items() if k not in own]
    return body, headers


def test_a_trashed_document_is_absent_for_everybody(cast: dict[str, User], document: Document) -> None:
    browser_of(cast["owner"]).post(f"/documents/{document.pk}/trash/")
    for role in ROLES:
        assert browser_of(cast[role]).get(f"/documents/{document.pk}/").status_code == 404
        assert browser_of(cast[role]).get(_rest(str(document.pk))).status_code == 404


def test_the_door_knows_roles(cast: dict[str, User], document: Document) -> None:
    assert access_document(cast["editor"], document.pk, role=Role.COMMENTER).role is Role.EDITOR
    with pytest.raises(Forbidden, match="viewer"):
        access_document(cast["viewer"], document.pk, role=Role.EDITOR)
    with pytest.raises(NotFound):
        access_document(cast["stranger"], document.pk)


def test_the_door_is_shut_for_a_closed_account(cast: dict[str, User], document: Document) -> None:
    cast["owner"].is_active = False
    with pytest.raises(NotFound):
        access_document(cast["owner"], document.pk)


def test_rest_needs_the_csrf_token(cast: dict[str, User]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast["owner"], backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post("/api/v1/documents/", {"title": "x"}, content_type="application/json")
    assert answer.status_code == 403
    assert Document.objects.count() == 0
