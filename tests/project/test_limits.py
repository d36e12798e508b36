"""How often REST may be asked, and how its answers tell of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope, User
from apps.core.redis import quick_redis
from apps.quotas import requests
from project.api import api
from tests.cast import make_document, make_user

pytestmark = pytest.mark.django_db

ITEM = re.compile(r'"(\w+)";(\w)=(\d+);(\w)=(\d+)')


@pytest.fixture
def key(alice: User) -> str:
    return create_key(alice, name="Tests", scopes=Scope.values)[1]


def told(value: str) -> dict[str, dict[str, int]]:
    """Return the parameters of a header's items, by their names."""
    items = ITEM.findall(value)
    assert ", ".join(f'"{name}";{a}={x};{b}={y}' for name, a, x, b, y in items) == value
    return {name: {a: int(x), b: int(y)} for name, a, x, b, y in items}


def ask(key: str, path: str = "models", **extra: Any) -> Any:
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {key}"}, **extra)


def test_every_answer_tells_what_is_left_to_key_and_person(key: str, settings: Settings) -> None:
    settings.RATE_REQUESTS_PER_KEY, settings.RATE_REQUESTS_PER_PERSON = 4, 9
    answers = [ask(key), ask(key, "generations/00000000-0000-0000-0000-000000000000/")]
    assert [answer.status_code for answer in answers] == [200, 404]
    for number, answer in enumerate(answers, 1):
        assert told(answer["RateLimit-Policy"]) == {"key": {"q": 4, "w": 60}, "person": {"q": 9, "w": 60}}
        left = told(answer["RateLimit"])
        assert (left["key"]["r"], left["person"]["r"]) == (4 - number, 9 - number)
        assert all(0 < one["t"] <= 60 for one in left.values())


def test_one_too_many_is_told_when_to_come_back(key: str, settings: Settings) -> None:
    settings.RATE_REQUESTS_PER_KEY = 2
    document = make_document(User.objects.get())
    assert [ask(key).status_code for _ in range(2)] == [200, 200]
    refused = Client().patch(
        f"/api/v1/documents/{document.pk}/",
        {"title": "Heron"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused["Content-Type"] == "application/problem+json"
    assert 0 < refused.json()["retry_after"] <= 60
    assert 0 < int(refused["Retry-After"]) <= 60
    assert told(refused["RateLimit"])["key"]["r"] == 0
    document.refresh_from_db()
    assert document.title == ""


def test_a_person_has_one_limit_for_browser_and_keys(alice: User, key: str, settings: Settings) -> None:
    settings.RATE_REQUESTS_PER_PERSON = 3
    browser = Client()
    browser.force_login(alice)
    assert [browser.get("/api/v1/models").status_code for _ in range(2)] == [200, 200]
    assert ask(key).status_code == 200
    answer = browser.get("/api/v1/models")
    assert answer.status_code == 429
    assert told(answer["RateLimit"]).keys() == {"person"}
    other = Client()
    other.force_login(make_user("Bob"))
    assert other.get("/api/v1/models").status_code == 200


def test_guessing_keys_counts_for_the_address(key: str, settings: Settings) -> None:
    settings.RATE_REQUESTS_PER_ADDRESS = 3
    guesses = [ask("il_nonsense", REMOTE_ADDR="192.0.2.1") for _ in range(4)]
    assert [answer.status_code for answer in guesses] == [401, 401, 401, 429]
    assert told(guesses[0]["RateLimit"]) == {"address": {"r": 2, "t": 60}}
    assert guesses[3]["Retry-After"]
    assert ask(key, REMOTE_ADDR="192.0.2.2").status_code == 200


def test_a_country_has_a_limit_where_one_is_told(key: str, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.COUNTRY_HEADER = 1, "CF-IPCountry"
    settings.RATE_REQUESTS_PER_COUNTRY = 1
    through = {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}
    assert ask(key, HTTP_CF_IPCOUNTRY="NL", **through).status_code == 200
    assert ask(key, HTTP_CF_IPCOUNTRY="NL", **through).status_code == 429
    assert ask(key, HTTP_CF_IPCOUNTRY="BE", **through).status_code == 200


@pytest.fixture
def redis_away(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    quick_redis.cache_clear()
    yield
    quick_redis.cache_clear()
    requests._away_until = 0.0


@pytest.mark.usefixtures("redis_away")
def test_while_redis_is_away_requests_pass_uncounted(key: str, settings: Settings) -> None:
    settings.RATE_REQUESTS_PER_KEY = 1
    answers = [ask(key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "RateLimit" not in answers[0]


def test_the_headers_are_described() -> None:
    schema: Any = api.get_openapi_schema()
    for operations in schema["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                assert {"RateLimit", "RateLimit-Policy"} <= answer["headers"].keys()
                assert ("Retry-After" in answer["headers"]) == (int(status) in (429, 503))
