"""Password reset and change, and changing the address."""

import pytest
from django.test import Client

from apps.accounts.models import User
from tests.cast import PASSWORD, browser_of, make_user
from tests.mail import Outbox, link_in

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "battery staple 7"


def _log_in(email: str, password: str) -> bool:
    browser = Client()
    browser.post("/accounts/login/", {"login": email, "password": password})
    return "_auth_user_id" in browser.session


def test_a_forgotten_password_is_reset_by_mail(client: Client, mailoutbox: Outbox) -> None:
    make_user("Alice")
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})
    (message,) = mailoutbox
    assert message.to == ["alice@example.com"]
    form = client.get(link_in(message), follow=True)
    assert "Choose a new password" in form.content.decode()
    at = form.redirect_chain[-1][0]
    done = client.post(at, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True)
    assert "Your password is changed" in done.content.decode()
    assert _log_in("alice@example.com", NEW_PASSWORD)
    assert not _log_in("alice@example.com", PASSWORD)


def test_a_reset_link_works_once(client: Client, mailoutbox: Outbox) -> None:
    make_user("Alice")
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})
    link = link_in(mailoutbox[0])
    at = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(at, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert "This link is over" in Client().get(link, follow=True).content.decode()


def test_asking_for_a_reset_does_not_tell_who_has_an_account(client: Client) -> None:
    make_user("Alice")
    known, unknown = (
        client.post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in ("alice@example.com", "nobody@example.com")
    )
    assert known.redirect_chain == unknown.redirect_chain
    assert "If there is an account" in unknown.content.decode()


def test_changing_the_password_keeps_this_browser_and_ends_the_others() -> None:
    alice = make_user("Alice")
    here, elsewhere = browser_of(alice), browser_of(alice)
    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert here.get("/documents/").status_code == 200
    assert elsewhere.get("/documents/").status_code == 302


def test_the_address_changes_when_the_new_one_is_confirmed(mailoutbox: Outbox) -> None:
    alice = make_user("Alice", verified=True)
    browser = browser_of(alice)
    _log_in_again(browser)
    browser.post("/accounts/email/", {"action_add": "", "email": "alice@new.example"})
    assert User.objects.get(pk=alice.pk).email == "alice@example.com"
    (to_new,) = [message for message in mailoutbox if message.to == ["alice@new.example"]]
    browser.post(link_in(to_new))
    assert User.objects.get(pk=alice.pk).email == "alice@new.example"
    assert _log_in("alice@new.example", PASSWORD)


def test_an_unconfirmed_address_is_replaced_at_once(mailoutbox: Outbox) -> None:
    browser = browser_of(make_user("Alice"))
    _log_in_again(browser)
    assert "It is not confirmed yet" in browser.get("/accounts/email/").content.decode()
    browser.post("/accounts/email/", {"action_add": "", "email": "alice@new.example"})
    assert _log_in("alice@new.example", PASSWORD)
    browser.post(link_in(mailoutbox[-1]))
    assert "not confirmed" not in browser.get("/accounts/email/").content.decode()


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_of_somebody_else_is_refused(verified: bool) -> None:
    make_user("Bob", verified=True)
    browser = browser_of(make_user("Alice", verified=verified))
    _log_in_again(browser)
    browser.post("/accounts/email/", {"action_add": "", "email": "bob@example.com"})
    assert User.objects.get(name="Alice").email == "alice@example.com"


def _log_in_again(browser: Client) -> None:
    """Give the password once more, as pages that change the account ask for."""
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
