"""Commands by REST: whose they are, what a name and a prompt may be."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.assistant.models import Command
from apps.documents.models import Document
from apps.teams.models import Team, TeamMembership, TeamRole
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = {"name": "Plain words", "prompt": "Say {selection} in plain words, in {language}."}
OWN = "/api/v1/commands/"


def of_document(document: Document) -> str:
    return f"/api/v1/documents/{document.pk}/commands/"


def send(browser: Client, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return browser.generic(method, path, "" if body is None else json.dumps(body), "application/json")


def test_a_person_keeps_commands_that_only_they_see(alice: User) -> None:
    bob = make_user("Bob")
    document = make_document(alice, editors=[bob])
    made = send(browser_of(alice), "POST", OWN, GOOD).json()
    assert (made["owner"], made["needs_selection"]) == ("person", True)
    assert [one["name"] for one in browser_of(alice).get(of_document(document)).json()] == ["Plain words"]
    assert browser_of(bob).get(of_document(document)).json() == browser_of(bob).get(OWN).json() == []
    for method in ("PATCH", "DELETE"):
        assert send(browser_of(bob), method, f"{OWN}{made['id']}/", {}).status_code == 404
    changed = send(browser_of(alice), "PATCH", f"{OWN}{made['id']}/", {"prompt": "List what {document} leaves open."})
    assert (changed.json()["name"], changed.json()["needs_selection"]) == ("Plain words", False)
    assert send(browser_of(alice), "DELETE", f"{OWN}{made['id']}/").status_code == 204
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [("owner", 200, 201), ("editors", 200, 201), ("commenters", 200, 403), ("viewers", 200, 403), ("", 404, 404)],
)
def test_a_documents_commands_are_its_editors(alice: User, role: str, reads: int, writes: int) -> None:
    bob = make_user("Bob")
    document = make_document(alice, **({role: [bob]} if role not in ("", "owner") else {}))  # type: ignore[arg-type]
    who = browser_of(alice if role == "owner" else bob)
    kept = send(browser_of(alice), "POST", of_document(document), {"name": "Kept", "prompt": "Do."}).json()
    assert who.get(of_document(document)).status_code == reads
    assert send(who, "POST", of_document(document), GOOD).status_code == writes
    may = {201: (200, 204), 403: (403, 403), 404: (404, 404)}[writes]
    assert send(who, "PATCH", f"{OWN}{kept['id']}/", {"name": "Other"}).status_code == may[0]
    assert send(who, "DELETE", f"{OWN}{kept['id']}/").status_code == may[1]


def test_a_teams_commands_are_for_its_people_in_every_document(alice: User) -> None:
    bob, carol = make_user("Bob"), make_user("Carol")
    team = Team.objects.create(name="Herons")
    for person, role in ((alice, TeamRole.OWNER), (bob, TeamRole.MEMBER)):
        TeamMembership.objects.create(team=team, user=person, role=role)
    path = f"/api/v1/teams/{team.pk}/commands/"
    made = send(browser_of(alice), "POST", path, GOOD)
    assert (made.status_code, made.json()["owner"], made.json()["team"]) == (201, "team", "Herons")
    own = make_document(bob, viewers=[carol])
    assert [one["name"] for one in browser_of(bob).get(of_document(own)).json()] == ["Plain words"]
    assert browser_of(bob).get(path).json() == [made.json()]
    assert browser_of(carol).get(of_document(own)).json() == []
    one = f"{OWN}{made.json()['id']}/"
    assert send(browser_of(bob), "PATCH", one, {"name": "Plainer"}).json()["name"] == "Plainer"
    assert send(browser_of(bob), "POST", path, {**GOOD, "name": "PLAINER"}).status_code == 409
    outside = [
        browser_of(carol).get(path),
        send(browser_of(carol), "POST", path, GOOD),
        send(browser_of(carol), "PATCH", one, {}),
        send(browser_of(carol), "DELETE", one),
    ]
    assert [answer.status_code for answer in outside] == [404] * 4
    TeamMembership.objects.filter(user=bob).delete()
    assert browser_of(bob).get(of_document(own)).json() == []
    assert send(browser_of(bob), "DELETE", one).status_code == 404
    assert send(browser_of(alice), "DELETE", one).status_code == 204


def test_nobody_without_signing_in(alice: User) -> None:
    assert Client().get(OWN).status_code == Client().get(of_document(make_document(alice))).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"name": " \n"}, 400, "name"),
        ({"name": "x" * 41}, 400, "name"),
        ({"prompt": "  "}, 400, "what the assistant is to do"),
        ({"prompt": "x" * 4001}, 400, "prompt"),
        ({"prompt": "Say {selektion}."}, 400, "There is no variable {selektion}"),
        ({"prompt": "Say {}."}, 400, "There is no variable {}"),
        ({"surplus": 1}, 400, "surplus"),
    ],
)
def test_what_is_no_command_is_refused_in_words(alice: User, body: dict[str, Any], status: int, words: str) -> None:
    answer = send(browser_of(alice), "POST", OWN, {**GOOD, **body})
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert not Command.objects.exists()


def test_names_are_unique_per_owner_whatever_their_case(alice: User) -> None:
    document = make_document(alice)
    made = [send(browser_of(alice), "POST", path, GOOD) for path in (OWN, of_document(document))]
    assert [answer.status_code for answer in made] == [201, 201]
    for path in (OWN, of_document(document)):
        again = send(browser_of(alice), "POST", path, {**GOOD, "name": "PLAIN  words"})
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
    other = send(browser_of(alice), "POST", OWN, {**GOOD, "name": "Other"}).json()
    assert send(browser_of(alice), "PATCH", f"{OWN}{other['id']}/", {"name": "plain words"}).status_code == 409


def test_there_are_only_so_many(alice: User, settings: Any) -> None:
    settings.ASSISTANT_COMMANDS_MAX = 1
    assert send(browser_of(alice), "POST", OWN, GOOD).status_code == 201
    assert send(browser_of(alice), "POST", OWN, {**GOOD, "name": "Other"}).status_code == 409
