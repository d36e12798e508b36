"""What opens an account, and who is in a team, is written down by the door it comes through."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.accounts.suspension import appeal, refuse_appeal, suspend
from apps.documents.models import Role
from apps.moderation import audit
from apps.moderation.models import AuditRecord
from apps.teams.models import Team
from tests.accounts.test_second_factor import CREDENTIALS, activate
from tests.cast import PASSWORD, browser_of, make_document, make_user
from tests.mail import Outbox, link_in

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"


def told(prefix: str) -> list[str]:
    found = AuditRecord.objects.filter(action__startswith=prefix)
    return list(found.order_by("seq").values_list("action", flat=True))


def test_from_signing_up_to_another_password(client: Client, settings: Settings, mailoutbox: Outbox) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client.post("/accounts/signup/", {"email": "dora@example.com", "password1": PASSWORD})
    client.post(link_in(mailoutbox[-1]))
    client.post("/accounts/password/reset/", {"email": "dora@example.com"})
    at = client.get(link_in(mailoutbox[-1]), follow=True).redirect_chain[-1][0]
    client.post(at, {"password1": "battery staple 7", "password2": "battery staple 7"})
    actions = told("user.")
    assert actions[0] == "user.signed_up"
    assert {"user.email_confirmed", "user.password_reset"} <= set(actions)
    assert "battery" not in "".join(AuditRecord.objects.values_list("payload", flat=True))


def test_an_address_is_taken_away() -> None:
    alice = make_user("Alice", verified=True)
    browser = browser_of(alice)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.post("/accounts/email/", {"action_add": "", "email": "alice@new.example"})
    browser.post("/accounts/email/", {"action_remove": "", "email": "alice@new.example"})
    assert "user.email_removed" in told("user.")


def test_a_second_factor_from_beginning_to_end() -> None:
    browser, _ = activate()
    fresh = Client()
    fresh.post("/accounts/login/", CREDENTIALS)
    fresh.post("/accounts/2fa/authenticate/", {"code": "000000"})
    browser.post("/accounts/2fa/recovery-codes/generate/")
    browser.post("/accounts/2fa/totp/deactivate/")
    actions = told("user.second_factor")
    for action in (
        "user.second_factor_added",
        "user.second_factor_failed",
        "user.second_factor_reset",
        "user.second_factor_removed",
    ):
        assert action in actions


def test_who_is_in_a_team_and_what_it_may() -> None:
    alice, bob = make_user("Alice", verified=True), make_user("Bob", verified=True)
    browser = browser_of(alice)

    def send(method: Any, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = method(f"/api/v1/{path}", body, JSON) if body is not None else method(f"/api/v1/{path}")
        assert answer.status_code < 300, answer.content
        return answer

    team = send(browser.post, "teams/", {"name": "Night desk"}).json()["id"]
    send(browser.post, f"teams/{team}/members/", {"email": bob.email, "role": "member"})
    send(browser.patch, f"teams/{team}/members/{bob.pk}/", {"role": "admin"})
    send(browser.post, f"teams/{team}/members/", {"email": "carol@example.org", "role": "member"})
    send(browser.delete, f"teams/{team}/invitations/carol@example.org/")
    document = make_document(alice)
    send(browser.patch, f"documents/{document.pk}/", {"team": team, "team_role": Role.VIEWER.value})
    send(browser.delete, f"teams/{team}/members/{bob.pk}/")
    send(browser.delete, f"teams/{team}/")
    assert told("team.") == [
        "team.member_added",
        "team.role_changed",
        "team.invited",
        "team.invitation_withdrawn",
        "team.member_removed",
        "team.deleted",
    ]
    assert "document.team_set" in told("document.")
    assert not Team.objects.exists()
    assert list(audit.verify()) == []


def test_an_appeal_that_is_refused() -> None:
    alice, root = make_user("Alice"), User.objects.create_superuser("root@example.com", PASSWORD)
    suspend(alice.pk, by=root, reason="A secret matter.")
    appeal(alice, "Please.")
    assert refuse_appeal(alice.pk, by=root, answer="No.")
    assert told("user.")[-3:] == ["user.suspended", "user.appealed", "user.appeal_refused"]


def test_a_change_of_keys() -> None:
    call_command("rotate_encryption", stdout=StringIO())
    assert told("encryption.") == ["encryption.rotated"]
    assert not User.objects.exists()
