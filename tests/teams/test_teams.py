"""Teams: who may do what in them, inviting, leaving, and what their documents open to whom."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.documents.access import access_document
from apps.documents.models import Document, Role
from apps.documents.signals import access_changed
from apps.teams.models import Team, TeamInvitation, TeamMembership, TeamRole
from tests.cast import PASSWORD, browser_of, make_document, make_user
from tests.mail import Outbox, link_in

pytestmark = pytest.mark.django_db

NAMES = ("owner", "admin", "member")


@pytest.fixture
def cast() -> dict[str, User]:
    return {name: make_user(name.capitalize()) for name in (*NAMES, "stranger")}


@pytest.fixture
def team(cast: dict[str, User]) -> Team:
    made = Team.objects.create(name="Night desk")
    for name in NAMES:
        TeamMembership.objects.create(team=made, user=cast[name], role=name)
    return made


def rest(team: Team | uuid.UUID, rest: str = "") -> str:
    return f"/api/v1/teams/{team.pk if isinstance(team, Team) else team}/{rest}"


def send(method: Any, path: str, body: dict[str, Any]) -> Any:
    return method(path, body, content_type="application/json")


def role_of(team: Team, user: User) -> str | None:
    return TeamMembership.objects.filter(team=team, user=user).values_list("role", flat=True).first()


def test_a_team_is_made_listed_renamed_and_deleted_over_rest(cast: dict[str, User]) -> None:
    browser = browser_of(cast["owner"])
    made = send(browser.post, "/api/v1/teams/", {"name": "  Night   desk "})
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["role"], made.json()["people"]) == ("Night desk", "owner", 1)
    listed = browser.get("/api/v1/teams/").json()["items"]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    path = rest(uuid.UUID(made.json()["id"]))
    assert send(browser.patch, path, {"name": "Day desk"}).json()["name"] == "Day desk"
    assert browser_of(cast["member"]).get("/api/v1/teams/").json()["items"] == []
    assert browser.delete(path).status_code == 204
    assert browser.get(path).status_code == 404


def test_a_name_is_needed_and_not_too_long(cast: dict[str, User]) -> None:
    browser = browser_of(cast["owner"])
    for name in ("", "  ", "x" * 81):
        assert send(browser.post, "/api/v1/teams/", {"name": name}).status_code in (400, 422)
    assert not Team.objects.exists()


def test_there_is_a_limit_of_teams_and_of_people(cast: dict[str, User], team: Team, settings: Settings) -> None:
    settings.TEAMS_PER_PERSON, settings.TEAM_MEMBERS_MAX = 1, 3
    browser = browser_of(cast["owner"])
    assert send(browser.post, "/api/v1/teams/", {"name": "Another"}).status_code == 409
    refused = send(browser.post, rest(team, "members/"), {"email": "stranger@example.com"})
    assert refused.status_code == 409
    assert "at most 3" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("read", NAMES),
        ("list members", NAMES),
        ("rename", ("owner", "admin")),
        ("invite", ("owner", "admin")),
        ("invite an owner", ("owner",)),
        ("make the member an admin", ("owner", "admin")),
        ("make the member an owner", ("owner",)),
        ("remove the owner", ()),
        ("withdraw", ("owner", "admin")),
        ("delete", ("owner",)),
    ],
)
@pytest.mark.parametrize("who", [*NAMES, "stranger"])
def test_each_entry_is_open_to_its_roles_only(
    cast: dict[str, User], team: Team, entry: str, allowed: tuple[str, ...], who: str
) -> None:
    TeamInvitation.objects.create(team=team, email="w@example.com", role="member", invited_by=cast["owner"])
    browser = browser_of(cast[who])
    member, owner = rest(team, f"members/{cast['member'].pk}/"), rest(team, f"members/{cast['owner'].pk}/")
    asks: dict[str, Callable[[], Any]] = {
        "read": lambda: browser.get(rest(team)),
        "list members": lambda: browser.get(rest(team, "members/")),
        "rename": lambda: send(browser.patch, rest(team), {"name": "New"}),
        "invite": lambda: send(browser.post, rest(team, "members/"), {"email": "n@example.com"}),
        "invite an owner": lambda: send(
            browser.post, rest(team, "members/"), {"email": "n@example.com", "role": "owner"}
        ),
        "make the member an admin": lambda: send(browser.patch, member, {"role": "admin"}),
        "make the member an owner": lambda: send(browser.patch, member, {"role": "owner"}),
        "remove the owner": lambda: browser.delete(owner),
        "withdraw": lambda: browser.delete(rest(team, "invitations/w@example.com/")),
        "delete": lambda: browser.delete(rest(team)),
    }
    answer = asks[entry]()
    if who == "stranger":
        assert answer.status_code == 404
    elif who in allowed:
        assert answer.status_code < 400
    else:
        assert answer.status_code in (403, 409)  # 409: the last owner
        assert role_of(team, cast["owner"]) == "owner"


def test_members_do_not_see_links_of_invitations(cast: dict[str, User], team: Team) -> None:
    TeamInvitation.objects.create(team=team, email="w@example.com", role="member", invited_by=cast["owner"])
    members = rest(team, "members/")
    assert browser_of(cast["admin"]).get(members).json()["invitations"][0]["email"] == "w@example.com"
    assert browser_of(cast["member"]).get(members).json()["invitations"] == []


def test_everybody_may_leave_but_the_last_owner(cast: dict[str, User], team: Team) -> None:
    for name in ("member", "admin"):
        path = rest(team, f"members/{cast[name].pk}/")
        assert browser_of(cast[name]).delete(path).status_code == 204
        assert role_of(team, cast[name]) is None
    path = rest(team, f"members/{cast['owner'].pk}/")
    assert browser_of(cast["owner"]).delete(path).status_code == 409
    assert role_of(team, cast["owner"]) == "owner"


def test_somebody_without_an_account_joins_by_the_mailed_link(
    cast: dict[str, User],
    team: Team,
    mailoutbox: Outbox,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(browser_of(cast["admin"]).post, rest(team, "members/"), {"email": "Dora@example.com"})
    assert answer.json()["email"] == "dora@example.com"
    assert "Night desk" in mailoutbox[0].subject
    link = link_in(mailoutbox[0])
    assert "Night desk" in Client().get(link).content.decode()
    dora = make_user("Dora")
    assert role_of(team, dora) is None
    browser_of(dora).post(link)
    assert role_of(team, dora) == "member"
    assert browser_of(cast["stranger"]).post(link).status_code == 404


def test_an_invitation_is_claimed_by_a_verified_address_at_log_in(cast: dict[str, User], team: Team) -> None:
    TeamInvitation.objects.create(team=team, email="dora@example.com", role="admin", invited_by=cast["owner"])
    dora = make_user("Dora", verified=True)
    Client().post("/accounts/login/", {"login": dora.email, "password": PASSWORD})
    assert role_of(team, dora) == "admin"


def test_a_teams_document_is_open_to_its_members_in_the_teams_role(cast: dict[str, User], team: Team) -> None:
    browser = browser_of(cast["owner"])
    made = send(browser.post, "/api/v1/documents/", {"title": "Front page", "team": str(team.pk)}).json()
    assert made["team"] == {"id": str(team.pk), "name": "Night desk", "role": "editor"}
    document = uuid.UUID(made["id"])
    assert access_document(cast["member"], document).role is Role.EDITOR
    with pytest.raises(NotFound):
        access_document(cast["stranger"], document)
    path = f"/api/v1/documents/{document}/"
    assert send(browser.patch, path, {"team_role": "viewer"}).json()["team"]["role"] == "viewer"
    assert access_document(cast["member"], document).role is Role.VIEWER
    assert access_document(cast["owner"], document).role is Role.OWNER
    Document.objects.get(pk=document).memberships.create(user=cast["member"], role=Role.COMMENTER)
    assert access_document(cast["member"], document).role is Role.COMMENTER
    assert send(browser.patch, path, {"team": None}).json()["team"] is None
    with pytest.raises(NotFound):
        access_document(cast["admin"], document)
    assert access_document(cast["member"], document).role is Role.COMMENTER


def test_only_the_owner_shares_a_document_and_only_with_a_team_of_theirs(cast: dict[str, User], team: Team) -> None:
    document = make_document(cast["stranger"], "Diary", editors=[cast["member"]])
    path = f"/api/v1/documents/{document.pk}/"
    assert send(browser_of(cast["member"]).patch, path, {"team": str(team.pk)}).status_code == 403
    assert send(browser_of(cast["stranger"]).patch, path, {"team": str(team.pk)}).status_code == 404
    new = send(browser_of(cast["stranger"]).post, "/api/v1/documents/", {"team": str(team.pk)})
    assert new.status_code == 404
    assert send(browser_of(cast["stranger"]).patch, path, {"team_role": "owner"}).status_code in (400, 422)
    document.refresh_from_db()
    assert document.team is None
    assert Document.objects.count() == 1


def test_the_list_has_a_shelf_for_teams(cast: dict[str, User], team: Team) -> None:
    own, theirs = make_document(cast["member"], "Mine"), make_document(cast["owner"], "Desk notes")
    make_document(cast["owner"], "Private")
    Document.objects.filter(pk=theirs.pk).update(team=team, text="the harbour lights")
    browser = browser_of(cast["member"])

    def titles(query: str = "") -> set[str]:
        return {one["title"] for one in browser.get(f"/api/v1/documents/{query}").json()["items"]}

    assert titles() == {"Mine", "Desk notes"}
    assert titles("?tab=team") == titles(f"?team={team.pk}") == titles("?q=harbour") == {"Desk notes"}
    assert titles("?tab=shared") == set()
    assert titles(f"?team={uuid.uuid4()}") == set()
    page = browser.get("/documents/?tab=team").content.decode()
    assert "Desk notes" in page
    assert "Mine" not in page
    assert "Leave" not in page.partition("Desk notes")[2]
    assert "?tab=team" not in browser_of(cast["stranger"]).get("/documents/").content.decode()
    assert own.team is None


def test_whoever_leaves_or_loses_the_team_is_told_to_sockets(
    cast: dict[str, User], team: Team, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[tuple[Any, Any]] = []

    def hear(document_id: Any, user_id: Any, **_: Any) -> None:
        told.append((document_id, user_id))

    access_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            browser_of(cast["owner"]).delete(rest(team, f"members/{cast['member'].pk}/"))
        assert told == [(None, cast["member"].pk)]
        with django_capture_on_commit_callbacks(execute=True):
            browser_of(cast["owner"]).delete(rest(team))
        assert {user for _, user in told[1:]} == {cast["owner"].pk, cast["admin"].pk}
    finally:
        access_changed.disconnect(hear)


def test_the_administration_keeps_an_owner_and_tells_sockets_who_came_and_went(
    cast: dict[str, User], team: Team, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[Any] = []

    def hear(user_id: Any, **_: Any) -> None:
        told.append(user_id)

    root = browser_of(User.objects.create_superuser("root@example.com"))
    path = f"/admin/teams/team/{team.pk}/change/"
    rows = list(team.memberships.order_by("pk"))
    form: dict[str, Any] = {"name": "Night desk", "memberships-TOTAL_FORMS": 4, "memberships-INITIAL_FORMS": 3}
    for at, row in enumerate(rows):
        form |= {
            f"memberships-{at}-{name}": value
            for name, value in {"id": row.pk, "team": team.pk, "user": row.user_id, "role": row.role}.items()
        }
    access_changed.connect(hear)
    try:
        refused = root.post(path, {**form, "memberships-0-role": "member"})
        assert "A team needs an owner." in refused.content.decode()
        new = {"memberships-3-user": cast["stranger"].pk, "memberships-3-team": team.pk, "memberships-3-role": "member"}
        with django_capture_on_commit_callbacks(execute=True):
            saved = root.post(path, {**form, **new, "memberships-2-DELETE": "on", "memberships-1-role": "owner"})
        assert saved.status_code == 302
        assert set(told) == {cast["stranger"].pk, cast["member"].pk, cast["admin"].pk}
        assert (role_of(team, cast["admin"]), role_of(team, cast["member"])) == ("owner", None)
        told.clear()
        with django_capture_on_commit_callbacks(execute=True):
            root.post(f"/admin/teams/team/{team.pk}/delete/", {"post": "yes"})
        assert set(told) == {cast["owner"].pk, cast["admin"].pk, cast["stranger"].pk}
    finally:
        access_changed.disconnect(hear)


def test_a_deleted_team_leaves_its_documents_to_their_owners(cast: dict[str, User], team: Team) -> None:
    document = make_document(cast["owner"], "Desk notes")
    Document.objects.filter(pk=document.pk).update(team=team)
    browser_of(cast["owner"]).delete(rest(team))
    assert access_document(cast["owner"], document.pk).role is Role.OWNER
    with pytest.raises(NotFound):
        access_document(cast["member"], document.pk)


def test_the_pages_do_what_rest_does(cast: dict[str, User], team: Team) -> None:
    browser = browser_of(cast["owner"])
    assert "You are in none yet" in browser_of(cast["stranger"]).get("/teams/").content.decode()
    made = browser.post("/teams/", {"name": "Second"}, follow=True)
    assert "Second" in made.content.decode()
    assert browser.post("/teams/", {"name": " "}).status_code == 400
    path = f"/teams/{team.pk}/"
    page = browser.post(path, {"email": "dora@example.com", "role": "member"}, follow=True).content.decode()
    assert "dora@example.com is invited" in page
    assert "/teams/invitations/?token=" in page
    assert "stranger@" not in page
    page = browser.post(path, {"email": "stranger@example.com", "role": "admin"}, follow=True).content.decode()
    assert "Stranger is in the team now." in page
    assert role_of(team, cast["stranger"]) == "admin"
    browser.post(f"{path}members/{cast['stranger'].pk}/role/", {"role": "member"})
    assert role_of(team, cast["stranger"]) == "member"
    assert "Remove Stranger" in browser.get(f"{path}members/{cast['stranger'].pk}/remove/").content.decode()
    browser.post(f"{path}members/{cast['stranger'].pk}/remove/")
    assert role_of(team, cast["stranger"]) is None
    browser.post(f"{path}invitations/withdraw/", {"email": "dora@example.com"})
    assert not team.invitations.exists()
    assert "Night crew" in browser.post(f"{path}rename/", {"name": "Night crew"}, follow=True).content.decode()
    assert "needs an owner" in browser.post(f"{path}leave/", follow=True).content.decode()
    assert browser_of(cast["member"]).post(f"{path}rename/", {"name": "X"}).status_code == 403
    assert browser_of(cast["member"]).post(f"{path}delete/").status_code == 403
    assert browser_of(cast["stranger"]).get(path).status_code == 404
    assert browser.get(f"{path}delete/").status_code == 200
    browser.post(f"{path}delete/")
    assert not Team.objects.filter(pk=team.pk).exists()


def test_team_roles_are_ordered() -> None:
    assert [role.value for role in sorted(TeamRole, key=lambda role: role.rank)] == ["member", "admin", "owner"]
