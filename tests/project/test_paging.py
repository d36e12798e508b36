"""Lists over REST come in pages, each of which leads to the others."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope, User
from apps.assistant.models import Command
from apps.collaboration.content.services import merge_markdown
from apps.collaboration.versions.naming import name_version
from apps.documents.links import create_link
from apps.documents.models import Comment, CommentThread, Membership, Role
from apps.teams.models import Team, TeamMembership, TeamRole
from tests.cast import make_document, make_user

pytestmark = pytest.mark.django_db

SEVEN = 7


def teams(alice: User) -> str:
    for number in range(SEVEN):
        TeamMembership.objects.create(team=Team.objects.create(name=f"Team {number}"), user=alice, role=TeamRole.OWNER)
    return "teams/"


def team_members(alice: User) -> str:
    team = Team.objects.create(name="Herons")
    people = [alice, *(make_user(f"Person {number}") for number in range(SEVEN - 1))]
    TeamMembership.objects.bulk_create(TeamMembership(team=team, user=person, role=TeamRole.OWNER) for person in people)
    return f"teams/{team.pk}/members/"


def document_members(alice: User) -> str:
    document = make_document(alice)
    for number in range(SEVEN - 1):
        Membership.objects.create(document=document, user=make_user(f"Person {number}"), role=Role.VIEWER)
    return f"documents/{document.pk}/members/"


def document_people(alice: User) -> str:
    return document_members(alice).replace("members", "people")


def document_comments(alice: User) -> str:
    document = make_document(alice)
    for number in range(SEVEN):
        thread = CommentThread.objects.create(document=document, made_by=alice)
        Comment.objects.create(thread=thread, author=alice, body=f"Comment {number}")
    return f"documents/{document.pk}/comments/"


def document_links(alice: User) -> str:
    document = make_document(alice)
    for _ in range(SEVEN):
        create_link(document, role=Role.VIEWER, created_by=alice)
    return f"documents/{document.pk}/links/"


def document_versions(alice: User) -> str:
    document = make_document(alice)
    for number in range(SEVEN):
        merge_markdown(document.pk, f"Line {number}", user_id=alice.pk)
        name_version(document.pk, f"Version {number}", user_id=alice.pk)
    return f"documents/{document.pk}/versions/"


def own_commands(alice: User) -> str:
    for number in range(SEVEN):
        Command.objects.create(user=alice, name=f"Command {number}", prompt="Shorter.")
    return "commands/"


def document_commands(alice: User) -> str:
    own_commands(alice)
    return f"documents/{make_document(alice).pk}/commands/"


def team_commands(alice: User) -> str:
    team = Team.objects.create(name="Herons")
    TeamMembership.objects.create(team=team, user=alice, role=TeamRole.OWNER)
    for number in range(SEVEN):
        Command.objects.create(team=team, name=f"Command {number}", prompt="Shorter.")
    return f"teams/{team.pk}/commands/"


def keys(alice: User) -> str:
    for number in range(SEVEN):
        create_key(alice, name=f"Key {number}", scopes=Scope.values)
    return "api-keys/"


@pytest.mark.parametrize(
    "make",
    [
        *(teams, team_members, document_members, document_people, document_comments, document_links),
        document_versions,
        *(own_commands, document_commands, team_commands, keys),
    ],
)
def test_the_pages_of_a_list_lead_to_each_other_and_hold_all_of_it(alice: User, make: Callable[[User], str]) -> None:
    path, browser = f"/api/v1/{make(alice)}", Client()
    browser.force_login(alice)
    whole = browser.get(path)
    assert len(rows_of(whole.json())) == SEVEN
    assert "Link" not in whole
    answer, walked = browser.get(f"{path}?page_size=3"), []
    while True:
        walked += rows_of(answer.json())
        if isinstance(answer.json(), dict):
            assert (answer.json()["count"], answer.json()["pages"]) == (SEVEN, 3)
        links = linked(answer["Link"])
        if "next" not in links:
            break
        answer = browser.get(links["next"])
    assert walked == rows_of(whole.json())
    assert links.keys() == {"first", "prev", "last"}
    assert browser.get(f"{path}?page_size=0").status_code == browser.get(f"{path}?page_size=501").status_code == 400


def linked(header: str) -> dict[str, str]:
    return {name: address for address, name in re.findall(r'<([^>]+)>; rel="(\w+)"', header)}


def rows_of(body: Any) -> list[Any]:
    if isinstance(body, dict):
        return list(body.get("items") or body["members"])
    return list(body)
