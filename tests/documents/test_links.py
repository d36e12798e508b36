"""Sharing a document by link: made, opened, asked for a password, changed, ended, and what is told of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts.api_keys import create_key
from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.documents import links, tasks
from apps.documents.access import access_document
from apps.documents.models import Document, LinkVisit, Membership, Role, ShareLink
from apps.documents.signals import access_changed
from apps.moderation import audit
from apps.moderation.models import AuditRecord
from apps.teams.models import Team, TeamMembership, TeamRole
from project.personal.erasure import erase
from project.personal.export import _documents
from tests.cast import PASSWORD, browser_of, make_document, make_user

pytestmark = pytest.mark.django_db

SECRET = "seven herons wade"
JSON = "application/json"


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Settings) -> None:
    """Those of people's passwords stay as they are; a third of a second for each of a link's would add up."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def rest(document: Document) -> str:
    return f"/api/v1/documents/{document.pk}/links/"


def make(owner: User, document: Document, role: str = "viewer", **fields: Any) -> dict[str, Any]:
    answer = browser_of(owner).post(rest(document), {"role": role, **fields}, content_type=JSON)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def path_of(link: dict[str, Any]) -> str:
    return str(link["url"]).removeprefix("http://testserver")


def change(owner: User, document: Document, link: dict[str, Any], **fields: Any) -> Any:
    return browser_of(owner).patch(f"{rest(document)}{link['id']}/", fields, content_type=JSON)


def expire(link: dict[str, Any]) -> None:
    ShareLink.objects.filter(pk=link["id"]).update(expires_at=timezone.now() - timedelta(seconds=1))


def role_of(user: User, document: Document) -> Role | None:
    found = browser_of(user).get(f"/api/v1/documents/{document.pk}/")
    return Role(found.json()["role"]) if found.status_code == 200 else None


def test_whoever_opens_a_link_is_in_with_its_role_and_everybody_else_is_not(
    alice: User, bob: User, document: Document
) -> None:
    link = make(alice, document, "commenter")
    assert role_of(bob, document) is None
    opened = browser_of(bob).get(path_of(link))
    assert (opened.status_code, opened["Location"]) == (302, f"/documents/{document.pk}/")
    assert opened["Referrer-Policy"] == "no-referrer"
    assert role_of(bob, document) is Role.COMMENTER
    assert role_of(make_user("Eve"), document) is None
    browser_of(bob).get(path_of(link))
    [listed] = browser_of(alice).get(rest(document)).json()["items"]
    assert (listed["people"], listed["url"], listed["created_by"]["name"]) == (1, link["url"], "Alice")
    assert listed["last_used_at"] is not None


def test_somebody_who_is_not_logged_in_comes_back_to_the_link(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document)
    stranger = Client()
    page = stranger.get(path_of(link))
    assert page["Referrer-Policy"] == "no-referrer"
    text = page.content.decode()
    assert "A document is shared with you" in text
    assert "The winter orchard" not in text
    assert "<form" not in text, "without a referrer a form has no origin, and is refused"
    [login] = re.findall(r'href="(/accounts/login/[^"]+)"', text.partition("<h1>")[2])
    form = stranger.get(login.replace("&amp;", "&")).content.decode()
    assert f'name="next" value="{path_of(link)}"' in form
    answer = stranger.post("/accounts/login/", {"login": bob.email, "password": PASSWORD, "next": path_of(link)})
    assert answer["Location"] == path_of(link)
    assert stranger.get(path_of(link), follow=True).redirect_chain[-1][0] == f"/documents/{document.pk}/"
    assert not LinkVisit.objects.exclude(user=bob).exists()


def test_a_new_account_comes_back_to_the_link_too(alice: User, document: Document) -> None:
    path = path_of(make(alice, document))
    dora = Client()
    answer = dora.post(
        "/accounts/signup/", {"email": "dora@example.com", "password1": "a heron by the weir", "next": path}
    )
    assert answer["Location"] == path
    assert dora.get(path)["Location"] == f"/documents/{document.pk}/"


def test_a_password_has_to_be_given_once(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document, password=SECRET)
    assert link["has_password"]
    assert SECRET not in str(link)
    browser = browser_of(bob)
    asked = browser.get(path_of(link), follow=True)
    assert "This document asks for a password" in asked.content.decode()
    assert "The winter orchard" not in asked.content.decode()
    [(form, _)] = asked.redirect_chain
    wrong = browser.post(form, {"password": "eight herons"})
    assert wrong.status_code == 400
    assert "This is not the password" in wrong.content.decode()
    assert role_of(bob, document) is None
    assert browser.post(form, {"password": SECRET})["Location"] == f"/documents/{document.pk}/"
    assert role_of(bob, document) is Role.VIEWER
    assert browser_of(bob).get(path_of(link))["Location"] == f"/documents/{document.pk}/"


def test_a_password_that_was_taken_away_meanwhile_is_not_asked_for(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document, password=SECRET)
    browser = browser_of(bob)
    [(form, _)] = browser.get(path_of(link), follow=True).redirect_chain
    change(alice, document, link, password=None)
    assert browser.post(form, {"password": "whatever"})["Location"] == f"/documents/{document.pk}/"
    assert browser.get(form)["Location"] == f"/documents/{document.pk}/"
    assert role_of(bob, document) is Role.VIEWER


def test_the_form_of_the_password_is_only_for_who_had_the_link(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document, password=SECRET)
    answer = browser_of(bob).post(f"/s/{link['id']}/password/", {"password": SECRET})
    assert answer.status_code == 404
    assert role_of(bob, document) is None


def test_a_browser_sends_the_passwords_form_with_its_origin(alice: User, bob: User, document: Document) -> None:
    """Not `null`, which Django refuses: so the page must let its own site know where a form comes from."""
    browser = browser_of(bob)
    asked = browser.get(path_of(make(alice, document, password=SECRET)), follow=True)
    assert asked["Referrer-Policy"] == "same-origin"


def test_wrong_passwords_are_limited_for_a_person_and_right_ones_are_not(
    alice: User, bob: User, document: Document, settings: Settings
) -> None:
    settings.LINK_WRONG_PASSWORDS_PER_HOUR = 3
    carol = make_user("Carol")
    link = make(alice, document, password=SECRET)
    browser = browser_of(bob)
    [(form, _)] = browser.get(path_of(link), follow=True).redirect_chain
    assert [browser.post(form, {"password": f"wrong {n}"}).status_code for n in range(4)] == [400, 400, 400, 429]
    refused = browser.post(form, {"password": SECRET})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert role_of(bob, document) is None
    hers = browser_of(carol)
    hers.get(path_of(link))
    for _ in range(5):
        assert hers.post(form, {"password": SECRET}).status_code == 302
        LinkVisit.objects.all().delete()


def test_guessing_is_limited_for_an_address_and_opening_is_not(
    alice: User, bob: User, document: Document, settings: Settings
) -> None:
    settings.LINK_FAILURES_PER_HOUR = 3
    link = make(alice, document)
    browser = browser_of(bob)
    assert [browser.get(path_of(link)).status_code for _ in range(5)] == [302] * 5
    guesses = [Client().get(f"/s/{'x' * n}/", REMOTE_ADDR="192.0.2.1") for n in range(1, 5)]
    assert [answer.status_code for answer in guesses] == [404, 404, 404, 429]
    assert "tried too often" in guesses[-1].content.decode()
    assert Client().get("/s/guess/", REMOTE_ADDR="192.0.2.2").status_code == 404


@pytest.mark.parametrize("signed_in", [True, False])
def test_unknown_expired_revoked_and_trashed_look_alike(
    alice: User, bob: User, document: Document, signed_in: bool
) -> None:
    expired, revoked = make(alice, document), make(alice, document)
    other = make_document(alice, "Other")
    trashed = make(alice, other)
    expire(expired)
    assert browser_of(alice).delete(f"{rest(document)}{revoked['id']}/").status_code == 204
    browser_of(alice).delete(f"/api/v1/documents/{other.pk}/")
    browser = browser_of(bob) if signed_in else Client()
    paths = [*(path_of(one) for one in (expired, revoked, trashed)), "/s/never-was-one/"]
    answers = [browser.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "it has expired, was taken back, or was never one" in answers[0].content.decode()
    assert {answer["Referrer-Policy"] for answer in answers} == {"no-referrer"}


@pytest.mark.parametrize("end", ["revoke", "expire", "trash"])
def test_what_is_held_by_a_link_ends_with_it(alice: User, bob: User, document: Document, end: str) -> None:
    link = make(alice, document)
    browser_of(bob).get(path_of(link))
    if end == "revoke":
        browser_of(alice).delete(f"{rest(document)}{link['id']}/")
    elif end == "expire":
        expire(link)
    else:
        browser_of(alice).delete(f"/api/v1/documents/{document.pk}/")
    assert role_of(bob, document) is None
    assert browser_of(bob).get(f"/documents/{document.pk}/").status_code == 404


def test_a_changed_link_changes_what_people_hold(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document, expires_at="2999-01-01T00:00:00Z")
    browser_of(bob).get(path_of(link))
    changed = change(alice, document, link, role="editor")
    assert (changed.status_code, changed.json()["role"], changed.json()["people"]) == (200, "editor", 1)
    assert changed.json()["expires_at"].startswith("2999")
    assert role_of(bob, document) is Role.EDITOR
    assert change(alice, document, link, expires_at=None).json()["expires_at"] is None
    assert role_of(bob, document) is Role.EDITOR
    assert change(alice, document, link, password=SECRET).json()["has_password"]
    assert role_of(bob, document) is None, "a new password has to be given by everybody"
    assert change(alice, document, link, password=None).json()["has_password"] is False
    browser_of(bob).get(path_of(link))
    assert role_of(bob, document) is Role.EDITOR


def test_the_strongest_role_wins_and_a_link_lowers_none(alice: User, bob: User, document: Document) -> None:
    weak, strong = make(alice, document, "viewer"), make(alice, document, "editor")
    browser_of(alice).get(path_of(weak))
    assert role_of(alice, document) is Role.OWNER
    assert not LinkVisit.objects.exists()
    browser_of(bob).get(path_of(weak))
    browser_of(bob).get(path_of(strong))
    assert role_of(bob, document) is Role.EDITOR
    membership = Membership.objects.create(document=document, user=bob, role=Role.COMMENTER)
    access = access_document(bob, document.pk)
    assert (access.role, access.own) == (Role.EDITOR, Role.COMMENTER)
    browser_of(alice).delete(f"{rest(document)}{strong['id']}/")
    assert role_of(bob, document) is Role.COMMENTER
    membership.delete()
    assert role_of(bob, document) is Role.VIEWER


def test_a_link_counts_beside_a_team(alice: User, bob: User, document: Document) -> None:
    team = Team.objects.create(name="Night desk")
    TeamMembership.objects.create(team=team, user=bob, role=TeamRole.MEMBER)
    Document.objects.filter(pk=document.pk).update(team=team, team_role=Role.VIEWER)
    link = make(alice, document, "editor")
    browser_of(bob).get(path_of(link))
    assert role_of(bob, document) is Role.EDITOR
    TeamMembership.objects.all().delete()
    assert role_of(bob, document) is Role.EDITOR


def test_the_lists_of_documents_show_what_is_held_by_a_link(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document)
    browser = browser_of(bob)
    browser.get(path_of(link))
    for tab in ("all", "shared"):
        [item] = browser.get("/api/v1/documents/", {"tab": tab}).json()["items"]
        assert (item["title"], item["role"]) == ("The winter orchard", "viewer")
    page = browser.get("/documents/?tab=shared").content.decode()
    assert f"/documents/{document.pk}/leave/" in page
    expire(link)
    assert browser.get("/api/v1/documents/", {"tab": "all"}).json()["items"] == []
    assert browser_of(alice).get("/api/v1/documents/", {"tab": "shared"}).json()["items"] == []


def test_who_came_by_a_link_can_be_mentioned_while_it_stands(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document)
    browser_of(bob).get(path_of(link))
    people = f"/api/v1/documents/{document.pk}/people/"
    assert [one["name"] for one in browser_of(alice).get(people).json()["items"]] == ["Alice", "Bob"]
    expire(link)
    assert [one["name"] for one in browser_of(alice).get(people).json()["items"]] == ["Alice"]


def test_who_came_by_a_link_may_leave_and_be_removed(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document)
    browser = browser_of(bob)
    browser.get(path_of(link))
    assert browser.post(f"/documents/{document.pk}/leave/")["Location"] == "/documents/"
    assert role_of(bob, document) is None
    browser.get(path_of(link))
    Membership.objects.create(document=document, user=bob, role=Role.EDITOR)
    members = f"/api/v1/documents/{document.pk}/members/{bob.pk}/"
    assert browser_of(alice).delete(members).status_code == 204
    assert role_of(bob, document) is None, "removing somebody takes what they hold by links too"
    assert browser_of(alice).delete(members).status_code == 404


def test_only_owners_see_make_and_change_links(alice: User, document: Document) -> None:
    link = make(alice, document, "editor")
    for role in (Role.EDITOR, Role.VIEWER):
        person = make_user(role.name)
        Membership.objects.create(document=document, user=person, role=role)
        browser = browser_of(person)
        answers = [
            browser.get(rest(document)),
            browser.post(rest(document), {"role": "editor"}, content_type=JSON),
            browser.patch(f"{rest(document)}{link['id']}/", {"role": "viewer"}, content_type=JSON),
            browser.delete(f"{rest(document)}{link['id']}/"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4
    assert ShareLink.objects.get().role == Role.EDITOR


def test_a_link_is_of_one_document(alice: User, document: Document) -> None:
    """An owner cannot reach another's link by way of a document of their own."""
    mallory = make_user("Mallory")
    own, link = make_document(mallory), make(alice, document)
    assert change(mallory, own, link, role="editor").status_code == 404
    assert browser_of(mallory).delete(f"{rest(own)}{link['id']}/").status_code == 404
    assert ShareLink.objects.get().role == Role.VIEWER


def test_a_program_that_may_only_read_is_not_shown_where_links_lead(alice: User, document: Document) -> None:
    link = make(alice, document, "editor")
    shown = {}
    for scopes in (["documents:read"], ["documents:read", "documents:write"]):
        _, key = create_key(alice, name="x", scopes=scopes)
        program = Client(headers={"Authorization": f"Bearer {key}"})
        shown[len(scopes)] = program.get(rest(document)).json()["items"][0]["url"]
    assert shown == {1: None, 2: link["url"]}


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "owner"},
        {"role": "emperor"},
        {},
        {"role": "viewer", "password": "short"},
        {"role": "viewer", "password": "x" * 129},
        {"role": "viewer", "expires_at": "2001-01-01T00:00:00Z"},
        {"role": "viewer", "expires_at": "2999-01-01T00:00:00"},
        {"role": "viewer", "expires_at": "soon"},
        {"role": "viewer", "colour": "green"},
    ],
)
def test_bad_input_is_refused_in_words(alice: User, document: Document, fields: dict[str, Any]) -> None:
    answer = browser_of(alice).post(rest(document), fields, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    link = make(alice, document)
    if fields:
        assert change(alice, document, link, **fields).status_code == 400
    assert change(alice, document, link, role=None).status_code == 400
    assert ShareLink.objects.get().role == Role.VIEWER


def test_a_document_has_a_limited_number_of_links_and_a_link_of_people(
    alice: User, bob: User, document: Document, settings: Settings
) -> None:
    settings.LINKS_PER_DOCUMENT, settings.LINK_PEOPLE_MAX = 2, 1
    link = make(alice, document)
    make(alice, document)
    answer = browser_of(alice).post(rest(document), {"role": "viewer"}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert browser_of(bob).get(path_of(link)).status_code == 302
    full = browser_of(make_user("Carol")).get(path_of(link))
    assert full.status_code == 409
    assert "which is the limit" in full.content.decode()


def test_neither_the_address_nor_the_password_is_stored_in_clear(alice: User, document: Document) -> None:
    link = make(alice, document, password=SECRET)
    token = path_of(link).split("/")[2]
    row = ShareLink.objects.extra(select={"raw": "encode(documents_sharelink.token, 'escape')"}).values().get()
    assert row["token"] == token
    stored = {name: str(value) for name, value in row.items() if name != "token"}
    assert not any(token in value or SECRET in value for value in stored.values())


def test_links_are_told_to_those_above_and_to_the_audit_trail(
    alice: User,
    bob: User,
    document: Document,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    heard: list[tuple[Any, Any]] = []

    def hear(document_id: Any, user_id: Any, **_: Any) -> None:
        heard.append((document_id, user_id))

    access_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            link = make(alice, document, password=SECRET)
            browser = browser_of(bob)
            [(form, _)] = browser.get(path_of(link), follow=True).redirect_chain
            browser.post(form, {"password": SECRET})
            change(alice, document, link, role="editor")
            browser_of(alice).delete(f"{rest(document)}{link['id']}/")
    finally:
        access_changed.disconnect(hear)
    assert heard == [(document.pk, bob.pk), (document.pk, None), (document.pk, None)]
    told = AuditRecord.objects.filter(action__startswith="document.link").order_by("pk")
    assert [(one.action, one.actor_id) for one in told] == [
        ("document.link_made", alice.pk),
        ("document.link_opened", bob.pk),
        ("document.link_changed", alice.pk),
        ("document.link_revoked", alice.pk),
    ]
    assert {one.target_id for one in told} == {str(document.pk)}
    assert audit.detail_of(told[2])["changed"] == ["role"]
    everything = "".join(one.payload for one in told)
    assert path_of(link).split("/")[2] not in everything
    assert SECRET not in everything


def test_expired_links_are_let_go_when_the_installation_says_so(
    alice: User, bob: User, document: Document, settings: Settings
) -> None:
    old, kept = make(alice, document), make(alice, document)
    browser_of(bob).get(path_of(old))
    ShareLink.objects.filter(pk=old["id"]).update(expires_at=timezone.now() - timedelta(days=31))
    tasks.let_trash_go()
    assert ShareLink.objects.count() == 2
    settings.RETENTION_LINK_DAYS = 30
    tasks.let_trash_go()
    assert str(ShareLink.objects.get().pk) == kept["id"]
    assert not LinkVisit.objects.exists()


def test_an_export_tells_of_links_and_an_erasure_keeps_what_an_editor_by_link_wrote(
    alice: User, bob: User, document: Document
) -> None:
    carol = make_user("Carol")
    browser_of(carol).get(path_of(make(alice, document, "viewer")))
    browser_of(bob).get(path_of(make(alice, document, "editor")))
    [held] = list(_documents(bob))
    assert (held["by_link"], held["role"], held["title"]) == (True, "editor", "The winter orchard")
    [own] = list(_documents(alice))
    assert {one["role"] for one in own["links"]} == {"viewer", "editor"}
    erase(alice)
    assert role_of(bob, document) is Role.OWNER
    erase(carol)
    assert not LinkVisit.objects.filter(user=carol).exists()


def test_a_document_that_others_only_read_by_link_goes_with_its_owner(
    alice: User, bob: User, document: Document
) -> None:
    browser_of(bob).get(path_of(make(alice, document, "viewer")))
    erase(alice)
    assert not Document.objects.filter(pk=document.pk).exists()


def test_a_password_that_changes_meanwhile_lets_nobody_in(alice: User, bob: User, document: Document) -> None:
    link = make(alice, document, password=SECRET)
    known = links.find_opened_link(ShareLink.objects.get().pk)
    change(alice, document, link, password="another one altogether")
    with pytest.raises(NotFound):
        links.enter(known, bob, password_hash=known.password_hash)
    assert role_of(bob, document) is None
