"""Two-factor authentication by an authenticator app and by recovery codes."""

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from apps.accounts.models import User
from tests.cast import PASSWORD, browser_of, make_user

pytestmark = pytest.mark.django_db
CREDENTIALS = {"login": "alice@example.com", "password": PASSWORD}


def _code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def activate() -> tuple[Client, str]:
    """Turn the second factor on for Alice; return her browser and the secret of her app."""
    browser = browser_of(make_user("Alice"))
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="(\w+)"', page)
    assert found
    answer = browser.post("/accounts/2fa/totp/activate/", {"code": _code(found.group(1))})
    assert answer.status_code == 302
    return browser, found.group(1)


def test_logging_in_then_needs_a_code() -> None:
    activate()
    fresh = Client()
    asked = fresh.post("/accounts/login/", CREDENTIALS)
    assert asked["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in fresh.session
    fresh.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "_auth_user_id" not in fresh.session


def test_a_recovery_code_opens_the_account_once() -> None:
    browser, _ = activate()
    codes = re.findall(r"^\w{8}$", browser.get("/accounts/2fa/recovery-codes/download/").content.decode(), re.MULTILINE)
    assert codes
    outcomes = []
    for _ in range(2):
        fresh = Client()
        fresh.post("/accounts/login/", CREDENTIALS)
        fresh.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        outcomes.append("_auth_user_id" in fresh.session)
    assert outcomes == [True, False]


def test_the_admin_is_entered_by_the_same_door(client: Client) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"
    User.objects.create_superuser("root@example.com", PASSWORD)
    client.post("/admin/login/", {"username": "root@example.com", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_the_admin_is_for_staff() -> None:
    assert browser_of(make_user("Alice")).get("/admin/", follow=True).status_code == 403


def test_it_can_be_turned_off() -> None:
    browser, _ = activate()
    assert "Turn off the authenticator app?" in browser.get("/accounts/2fa/totp/deactivate/").content.decode()
    browser.post("/accounts/2fa/totp/deactivate/")
    fresh = Client()
    assert fresh.post("/accounts/login/", CREDENTIALS)["Location"] == "/documents/"
