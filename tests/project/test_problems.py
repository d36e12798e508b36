"""How errors look: problem JSON under `/api/`, pages elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import Http404, HttpRequest
from django.test import Client
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError

from apps.core.errors import Conflict, RateLimited
from project import urls
from project.problems import speak_problem_json

TRACE = "a secret in a traceback"


class Body(Schema):
    number: int


@pytest.fixture
def client(settings: Any) -> Iterator[Client]:
    """A client of a REST interface that fails in every way, wired as ours is."""
    api = NinjaAPI(title="failing", urls_namespace="failing")
    speak_problem_json(api)

    @api.get("conflict")
    def conflict(request: HttpRequest) -> None:
        raise Conflict("Somebody was faster.")

    @api.get("limited")
    def limited(request: HttpRequest) -> None:
        raise RateLimited("Too often.", retry_after=1.2)

    @api.get("absent")
    def absent(request: HttpRequest) -> None:
        raise Http404(TRACE)

    @api.get("teapot")
    def refused(request: HttpRequest) -> None:
        raise HttpError(403, "No.")

    @api.get("broken")
    def broken(request: HttpRequest) -> None:
        raise RuntimeError(TRACE)

    @api.post("numbers")
    def numbers(request: HttpRequest, body: Body) -> None:
        return None

    original = list(urls.urlpatterns)
    urls.urlpatterns.insert(0, path("api/failing/", api.urls))
    settings.ROOT_URLCONF = "project.urls"
    yield Client(raise_request_exception=False)
    urls.urlpatterns[:] = original


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("conflict", 409, "conflict"),
        ("limited", 429, "rate_limited"),
        ("absent", 404, "not_found"),
        ("teapot", 403, "forbidden"),
        ("broken", 500, "internal"),
        ("no-such-path", 404, "not_found"),
        ("numbers", 405, "method_not_allowed"),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_every_failure_is_a_problem(
    client: Client, settings: Any, name: str, status: int, code: str, *, debug: bool
) -> None:
    settings.DEBUG = debug
    answer = client.get(f"/api/failing/{name}")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, "about:blank")
    assert problem["title"]
    assert problem["detail"]
    assert answer["X-Request-ID"]
    assert TRACE not in answer.content.decode()


def test_a_rate_limit_says_when_to_come_back(client: Client) -> None:
    answer = client.get("/api/failing/limited")
    assert answer["Retry-After"] == "2"
    assert answer.json()["retry_after"] == 1.2
    assert answer.json()["retryable"] is True


def test_the_wrong_field_is_named_and_its_value_not_repeated(client: Client) -> None:
    answer = client.post("/api/failing/numbers", {"number": "a secret"}, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "body.number"
    assert "a secret" not in answer.content.decode()


def test_malformed_json_is_a_problem(client: Client) -> None:
    answer = client.post("/api/failing/numbers", "{", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"


def test_an_allowed_method_is_named(client: Client) -> None:
    assert client.get("/api/failing/numbers")["Allow"] == "POST"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
@pytest.mark.parametrize("debug", [False, True])
def test_a_path_without_its_slash_leads_to_the_one_with_it(
    client: Client, settings: Any, method: str, *, debug: bool
) -> None:
    settings.DEBUG = debug
    answer = getattr(client, method)("/api/v1/documents?tab=own", content_type="application/json")
    assert answer.status_code == 308  # the same method and body again
    assert answer["Location"] == "/api/v1/documents/?tab=own"


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
def test_an_unknown_page_is_a_page(client: Client, settings: Any, *, debug: bool) -> None:
    settings.DEBUG = debug
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert b"URLconf" not in answer.content


@pytest.mark.django_db
def test_the_interface_describes_itself(client: Client) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["info"]["title"] == "Interline"
    assert "/api/v1/documents/" in schema["paths"]
