"""Inviting people, changing what they may do, and letting them go."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts.models import User
from apps.documents.models import Document, Invitation, Membership, Role
from apps.documents.signals import access_changed
from tests.cast import PASSWORD, browser_of, make_document, make_user
from tests.mail import Outbox, link_in

pytestmark = pytest.mark.django_db


def _members(document: Document) -> str:
    return f"/api/v1/documents/{document.pk}/members/"


def _invite(browser: Client, document: Document, email: str, role: str = "editor") -> Any:
    return browser.post(_members(document), {"email": email, "role": role}, content_type="application/json")


def _role(document: Document, user: User) -> str | None:
    return Membership.objects.filter(document=document, user=user).values_list("role", flat=True).first()


def test_somebody_with_an_account_is_in_at_once(
    alice: User,
    bob: User,
    document: Document,
    mailoutbox: Outbox,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = _invite(browser_of(alice), document, "BOB@example.com")
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(bob.pk),
        "name": "Bob",
        "email": "bob@example.com",
        "role": "editor",
        "you": False,
    }
    (message,) = mailoutbox
    assert message.to == ["bob@example.com"]
    assert browser_of(bob).get(link_in(message)).status_code == 200


def test_members_and_invitations_are_listed(alice: User, bob: User, document: Document) -> None:
    browser = browser_of(alice)
    _invite(browser, document, "bob@example.com", "viewer")
    _invite(browser, document, "new@example.com", "commenter")
    listed = browser.get(_members(document)).json()
    assert [(m["name"], m["role"], m["you"]) for m in listed["members"]] == [
        ("Alice", "owner", True),
        ("Bob", "viewer", False),
    ]
    (invitation,) = listed["invitations"]
    assert (invitation["email"], invitation["role"]) == ("new@example.com", "commenter")


def test_the_mailed_link_lets_a_new_person_in_once(
    alice: User,
    document: Document,
    mailoutbox: Outbox,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        _invite(browser_of(alice), document, "dora@example.com")
    link = link_in(mailoutbox[0])
    dora = Client()
    page = dora.get(link).content.decode()
    assert "Alice invites you to “The winter orchard”" in page
    signed_up = dora.post("/accounts/signup/", {"email": "dora@example.com", "password1": PASSWORD, "next": link})
    assert signed_up["Location"] == link
    assert dora.post(link)["Location"] == f"/documents/{document.pk}/"
    assert dora.get(f"/documents/{document.pk}/").status_code == 200
    assert browser_of(make_user("Eve")).post(link).status_code == 404


def test_the_owner_can_hand_the_link_over_where_no_mail_is_sent(alice: User, document: Document) -> None:
    link = _invite(browser_of(alice), document, "dora@example.com").json()["link"]
    dora = browser_of(make_user("Dora"))
    dora.post(link.removeprefix("http://testserver"))
    assert dora.get(f"/documents/{document.pk}/").status_code == 200


def test_signing_up_with_an_invited_address_alone_opens_nothing(alice: User, document: Document) -> None:
    """Where no mail is sent, anybody can sign up with any address."""
    _invite(browser_of(alice), document, "dora@example.com")
    mallory = Client()
    mallory.post("/accounts/signup/", {"email": "dora@example.com", "password1": PASSWORD})
    assert mallory.get(f"/documents/{document.pk}/").status_code == 404
    assert Invitation.objects.exists()


def test_inviting_again_lets_in_whoever_has_signed_up_since(alice: User, document: Document) -> None:
    _invite(browser_of(alice), document, "dora@example.com")
    dora = make_user("Dora")
    assert _invite(browser_of(alice), document, "dora@example.com").json()["id"] == str(dora.pk)
    assert not Invitation.objects.exists()


def test_an_address_that_was_confirmed_claims_its_invitations(
    alice: User, document: Document, settings: Settings, mailoutbox: Outbox
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    _invite(browser_of(alice), document, "dora@example.com", "commenter")
    dora = Client()
    dora.post("/accounts/signup/", {"email": "dora@example.com", "password1": PASSWORD})
    assert _role(document, User.objects.get(email="dora@example.com")) is None
    dora.post(link_in(mailoutbox[-1]))
    assert _role(document, User.objects.get(email="dora@example.com")) == "commenter"


def test_an_invitation_never_lowers_a_role(alice: User, document: Document) -> None:
    link = _invite(browser_of(alice), document, "other@example.com", "viewer").json()["link"]
    browser_of(alice).post(link.removeprefix("http://testserver"))
    assert _role(document, alice) == Role.OWNER


@pytest.mark.parametrize("spoil", ["withdraw", "trash", "forge", "wait"])
def test_a_spoiled_invitation_says_so(alice: User, document: Document, settings: Settings, spoil: str) -> None:
    browser = browser_of(alice)
    link = _invite(browser, document, "dora@example.com").json()["link"].removeprefix("http://testserver")
    if spoil == "withdraw":
        assert browser.delete(f"/api/v1/documents/{document.pk}/invitations/DORA@example.com/").status_code == 204
    elif spoil == "trash":
        browser.post(f"/documents/{document.pk}/trash/")
    elif spoil == "forge":
        link = link[:-1] + ("A" if link[-1] != "A" else "B")
    else:
        settings.INVITATION_MAX_AGE_SECONDS = -1
    for answer in (Client().get(link), browser_of(make_user("Dora")).post(link)):
        assert answer.status_code == 404
        assert "This invitation is over" in answer.content.decode()


def test_a_role_can_be_changed(alice: User, bob: User, document: Document) -> None:
    browser = browser_of(alice)
    _invite(browser, document, "bob@example.com", "viewer")
    answer = browser.patch(f"{_members(document)}{bob.pk}/", {"role": "editor"}, content_type="application/json")
    assert answer.json()["role"] == "editor"
    assert _role(document, bob) == "editor"


def test_the_last_owner_stays(alice: User, bob: User, document: Document) -> None:
    browser = browser_of(alice)
    own = f"{_members(document)}{alice.pk}/"
    for answer in (
        browser.patch(own, {"role": "viewer"}, content_type="application/json"),
        browser.delete(own),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "needs an owner" in browser.post(f"/documents/{document.pk}/leave/", follow=True).content.decode()
    assert _role(document, alice) == "owner"
    _invite(browser, document, "bob@example.com", "owner")
    assert browser.delete(own).status_code == 204
    assert _role(document, alice) is None


def test_everybody_may_leave_and_only_owners_remove(alice: User, bob: User, document: Document) -> None:
    carol = make_user("Carol")
    Membership.objects.create(document=document, user=bob, role=Role.EDITOR)
    Membership.objects.create(document=document, user=carol, role=Role.VIEWER)
    assert browser_of(bob).delete(f"{_members(document)}{carol.pk}/").status_code == 403
    assert browser_of(carol).post(f"/documents/{document.pk}/leave/")["Location"] == "/documents/"
    assert browser_of(alice).delete(f"{_members(document)}{bob.pk}/").status_code == 204
    assert browser_of(bob).get(f"/documents/{document.pk}/").status_code == 404
    assert list(document.memberships.values_list("user", flat=True)) == [alice.pk]


def test_changes_are_told_to_those_above_on_commit(
    alice: User,
    bob: User,
    document: Document,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    heard: list[tuple[Any, Any]] = []

    def hear(document_id: Any, user_id: Any, **_: Any) -> None:
        heard.append((document_id, user_id))

    access_changed.connect(hear)
    browser = browser_of(alice)
    path = f"{_members(document)}{bob.pk}/"
    try:
        with django_capture_on_commit_callbacks(execute=True):
            _invite(browser, document, "bob@example.com")
            browser.patch(path, {"role": "viewer"}, content_type="application/json")
            browser.delete(path)
            browser.delete(f"/api/v1/documents/{document.pk}/")
    finally:
        access_changed.disconnect(hear)
    assert heard == [(document.pk, bob.pk)] * 3 + [(document.pk, None)]


def _code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_bad_input_is_refused_in_words(alice: User, bob: User, document: Document) -> None:
    browser = browser_of(alice)
    assert _code(_invite(browser, document, "no address")) == (400, "invalid")
    assert _code(_invite(browser, document, "new@example.com", "emperor"))[1] == "invalid"
    assert _code(_invite(browser, document, "alice@example.com")) == (409, "conflict")
    assert _code(browser.delete(f"{_members(document)}{bob.pk}/")) == (404, "not_found")
    assert _code(browser.delete(f"/api/v1/documents/{document.pk}/invitations/x@example.com/")) == (404, "not_found")
    assert _code(browser.post(_members(document), "{", content_type="application/json"))[1] == "invalid"


def test_invitations_are_limited_per_hour(alice: User, document: Document, settings: Settings) -> None:
    settings.INVITATIONS_PER_HOUR = 2
    browser = browser_of(alice)
    assert [_invite(browser, document, f"p{n}@example.com").status_code for n in range(3)] == [201, 201, 429]
    refused = _invite(browser, document, "p4@example.com")
    assert refused.json()["code"] == "rate_limited"
    assert 0 < int(refused["Retry-After"]) <= 3600


def test_a_document_holds_a_limited_number_of_people(alice: User, document: Document, settings: Settings) -> None:
    settings.DOCUMENT_MEMBERS_MAX = 2
    browser = browser_of(alice)
    assert _invite(browser, document, "one@example.com").status_code == 201
    assert _code(_invite(browser, document, "two@example.com")) == (409, "conflict")
    assert _invite(browser, document, "one@example.com", "viewer").status_code == 201  # changes what is there


def test_titles_and_names_cannot_write_mail_headers(
    alice: User,
    mailoutbox: Outbox,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    document = make_document(alice, "One\nBcc: victim@example.com")
    with django_capture_on_commit_callbacks(execute=True):
        _invite(browser_of(alice), document, "dora@example.com")
    assert mailoutbox[0].subject == "Alice invites you to “One Bcc: victim@example.com”"
    assert mailoutbox[0].recipients() == ["dora@example.com"]
