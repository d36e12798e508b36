"""The page of a person's API keys."""

import re

import pytest
from django.test import Client

from apps.accounts.models import ApiKey
from tests.cast import browser_of, make_user

pytestmark = pytest.mark.django_db

PAGE = "/settings/api-keys/"
FORM = {"name": "Nightly", "scopes": ["documents:read"], "lifetime": "30"}


def shown_key(page: str) -> str:
    found = re.search(r'value="(il_[0-9a-f]+_[0-9a-f]+)"', page)
    assert found, "no key is shown"
    return found.group(1)


def test_a_key_is_shown_once_and_works() -> None:
    browser = browser_of(make_user("Alice"))
    answer = browser.post(PAGE, FORM)
    key = shown_key(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert key not in browser.get(PAGE).content.decode()
    assert Client(headers={"authorization": f"Bearer {key}"}).get("/api/v1/documents/").status_code == 200


def test_what_is_missing_is_said_and_kept() -> None:
    answer = browser_of(make_user("Alice")).post(PAGE, {"name": "Nightly", "lifetime": "30"})
    assert answer.status_code == 400
    assert "This field is required." in answer.content.decode()
    assert 'value="Nightly"' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_replacing_shows_the_successor_once() -> None:
    browser = browser_of(make_user("Alice"))
    browser.post(PAGE, FORM)
    old = ApiKey.objects.get()
    answer = browser.post(f"{PAGE}{old.pk}/rotate/")
    assert shown_key(answer.content.decode())
    again = browser.post(f"{PAGE}{old.pk}/rotate/", follow=True)
    assert "was replaced" in again.content.decode()
    assert ApiKey.objects.count() == 2


def test_revoking_asks_first_and_is_for_its_person_only() -> None:
    browser, mallory = browser_of(make_user("Alice")), browser_of(make_user("Mallory"))
    browser.post(PAGE, FORM)
    key = ApiKey.objects.get()
    mallory.post(f"{PAGE}{key.pk}/revoke/")
    browser.get(f"{PAGE}{key.pk}/revoke/")
    assert ApiKey.objects.get().revoked_at is None
    browser.post(f"{PAGE}{key.pk}/revoke/")
    assert ApiKey.objects.get().revoked_at is not None
    assert f"il_{key.prefix}" not in browser.get(PAGE).content.decode()


def test_it_is_for_people_who_are_logged_in(client: Client) -> None:
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")
