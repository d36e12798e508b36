"""Sign-up, log-in and log-out as people meet them."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from tests.cast import PASSWORD, make_user
from tests.mail import Outbox, link_in

pytestmark = pytest.mark.django_db
NEW = {"email": "Dora@Example.com", "password1": PASSWORD}


def test_signing_up_signs_in_at_once(client: Client) -> None:
    answer = client.post("/accounts/signup/", {**NEW, "name": "Dora"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/documents/"
    assert "Dora" in answer.content.decode()
    assert User.objects.get().email == "dora@example.com"


def test_the_name_is_optional(client: Client) -> None:
    client.post("/accounts/signup/", NEW)
    assert User.objects.get().display_name == "dora"


def test_signing_up_leads_back_to_where_one_came_from(client: Client) -> None:
    answer = client.post("/accounts/signup/", {**NEW, "next": "/settings/"})
    assert answer["Location"] == "/settings/"


def test_it_does_not_lead_to_other_sites(client: Client) -> None:
    answer = client.post("/accounts/signup/", {**NEW, "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/documents/"


def test_an_address_is_one_account_in_any_case(client: Client) -> None:
    make_user("Dora")
    answer = client.post("/accounts/signup/", NEW)
    assert "There is an account with this address already" in answer.content.decode()
    assert User.objects.count() == 1


def test_it_refuses_a_weak_password_and_says_why(client: Client) -> None:
    answer = client.post("/accounts/signup/", {**NEW, "password1": "short"})
    assert "too short" in answer.content.decode()
    assert not User.objects.exists()


def test_where_mail_is_sent_the_address_is_confirmed_first(
    client: Client, settings: Settings, mailoutbox: Outbox
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    answer = client.post("/accounts/signup/", NEW, follow=True)
    assert "Look into your mail" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    link = link_in(mailoutbox[-1])
    assert "Confirm your e-mail address" in client.get(link).content.decode()
    client.post(link)
    logged_in = client.post("/accounts/login/", {"login": NEW["email"], "password": PASSWORD})
    assert logged_in["Location"] == "/documents/"


def test_where_mail_is_sent_a_known_address_gets_the_same_answer_as_a_new_one(
    client: Client, settings: Settings, mailoutbox: Outbox
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    make_user("Dora", verified=True)
    known = client.post("/accounts/signup/", NEW)
    new = Client().post("/accounts/signup/", {**NEW, "email": "new@example.com"})
    assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
    assert User.objects.get(email="dora@example.com").check_password(PASSWORD)


def test_logging_in_and_out(client: Client) -> None:
    make_user("Alice")
    inside = client.post("/accounts/login/", {"login": "ALICE@example.com", "password": PASSWORD}, follow=True)
    assert inside.redirect_chain[-1][0] == "/documents/"
    assert "Log out?" in client.get("/accounts/logout/").content.decode()
    assert "_auth_user_id" in client.session  # asking is not leaving
    outside = client.post("/accounts/logout/", follow=True)
    assert outside.redirect_chain[-1][0] == "/"
    assert client.get("/documents/").status_code == 302


def test_a_wrong_password_and_an_unknown_address_look_alike(client: Client) -> None:
    make_user("Alice")

    def answer_to(email: str) -> str:
        page = client.post("/accounts/login/", {"login": email, "password": "wrong"}).content.decode()
        return page.replace(email, "…").partition("<h1>")[2]

    assert "not correct" in answer_to("alice@example.com")
    assert _without_tokens(answer_to("alice@example.com")) == _without_tokens(answer_to("alicf@example.com"))


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


def test_guessing_passwords_is_slowed_down(client: Client) -> None:
    make_user("Alice")
    for _ in range(5):
        client.post("/accounts/login/", {"login": "alice@example.com", "password": "wrong"})
    answer = client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
    assert "Too many failed attempts" in answer.content.decode()


def test_a_closed_account_cannot_log_in(client: Client) -> None:
    alice = make_user("Alice")
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_signing_up_by_the_dozen_is_slowed_down(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    client.post("/accounts/signup/", NEW)
    answer = Client().post("/accounts/signup/", {**NEW, "email": "more@example.com"})
    assert answer.status_code == 429
    assert "That was too often" in answer.content.decode()
    assert User.objects.count() == 1
