"""A request that is sent again with its `Idempotency-Key` does nothing a second time, and answers as it did."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.idempotency import LOCK
from apps.accounts.models import KeptAnswer
from apps.accounts.tasks import forget_answers
from apps.assistant.models import Generation
from apps.documents.models import Document
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/documents/"


def post(browser: Client, body: dict[str, Any], key: str = '"first"', path: str = PATH) -> Any:
    return browser.post(path, body, content_type="application/json", headers={"Idempotency-Key": key})


def test_the_same_again_gives_the_same_answer_and_makes_nothing() -> None:
    browser = browser_of(make_user("Alice"))
    first, again = post(browser, {"title": "Heron"}), post(browser, {"title": "Heron"}, key="first")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["Content-Type"] == again["Content-Type"]
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert Document.objects.count() == 1
    assert post(browser, {"title": "Heron"}, key="second").json()["id"] != first.json()["id"]


def test_a_key_is_for_one_request_of_one_person() -> None:
    alice, bob = browser_of(make_user("Alice")), browser_of(make_user("Bob"))
    post(alice, {"title": "Heron"})
    for refused in (post(alice, {"title": "Egret"}), post(alice, {"name": "Heron"}, path="/api/v1/teams/")):
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert post(bob, {"title": "Egret"}).status_code == 201
    assert Document.objects.count() == 2


def test_while_it_is_being_done_it_is_not_done_again() -> None:
    alice = make_user("Alice")
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCK, [f"{alice.pk} first"])
            held.set()
            enough.wait(30)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(30)
    refused = post(browser_of(alice), {"title": "Heron"})
    enough.set()
    other.join()
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_in_flight")
    assert refused["Retry-After"] == "1"
    assert post(browser_of(alice), {"title": "Heron"}).status_code == 201
    assert Document.objects.count() == 1


def test_of_many_at_once_one_is_done() -> None:
    alice = make_user("Alice")
    browsers = [browser_of(alice) for _ in range(8)]
    seen: list[tuple[int, str]] = []

    def ask(browser: Client) -> None:
        answer = post(browser, {"title": "Heron"})
        seen.append((answer.status_code, answer.json().get("id", answer.json().get("code"))))
        connection.close()

    threads = [threading.Thread(target=ask, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = Document.objects.get()
    assert len(seen) == len(browsers)
    assert set(seen) <= {(201, str(made.pk)), (409, "idempotency_in_flight")}
    assert (201, str(made.pk)) in seen


def test_a_refusal_is_not_kept(settings: Settings) -> None:
    browser = browser_of(make_user("Alice"))
    settings.DOCUMENTS_PER_PERSON = 0
    assert post(browser, {"title": "Heron"}).status_code == 409
    settings.DOCUMENTS_PER_PERSON = 1
    assert post(browser, {"title": "Heron"}).status_code == 201


def test_a_generation_is_started_once() -> None:
    alice = make_user("Alice")
    document, browser = make_document(alice), browser_of(alice)
    body = {"id": str(uuid4()), "action": "continue", "input": {"text_before": "It was late. "}}
    path = f"{PATH}{document.pk}/generations/"
    answers = [post(browser, body, path=path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert Generation.objects.count() == 1


@pytest.mark.parametrize("key", ["", '""', "two words", "é", "x" * 256, 'a"b'])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    browser = browser_of(make_user("Alice"))
    answer = browser.post(PATH, {}, content_type="application/json", headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Document.objects.exists()


def test_secrets_are_not_kept() -> None:
    browser = browser_of(make_user("Alice"))
    body = {"name": "Program", "scopes": ["assistant"]}
    first, second = (post(browser, body, path="/api/v1/api-keys/").json()["key"] for _ in range(2))
    assert first != second
    post(browser, {}, path="/api/v1/tokens")
    assert not KeptAnswer.objects.exists()


def test_an_answer_is_kept_encrypted_and_for_a_day() -> None:
    browser = browser_of(make_user("Alice"))
    first = post(browser, {"title": "A heron by the weir"}).json()["id"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM accounts_keptanswer")
        assert b"heron" not in bytes(cursor.fetchone()[0])
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=23))
    forget_answers()
    assert post(browser, {"title": "A heron by the weir"}).json()["id"] == first
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert post(browser, {"title": "A heron by the weir"}).json()["id"] != first
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert forget_answers() == 1
    assert not KeptAnswer.objects.exists()


def test_the_description_says_which_routes_take_a_key(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    takes = {
        path
        for path, methods in paths.items()
        if any(one["name"] == "Idempotency-Key" for one in methods.get("post", {}).get("parameters", []))
    }
    assert PATH in takes
    assert "/api/v1/documents/{document_id}/generations/" in takes
    assert not takes & {"/api/v1/api-keys/", "/api/v1/api-keys/{key_id}/rotate", "/api/v1/tokens"}
    assert {"409", "422"} <= set(paths[PATH]["post"]["responses"])
