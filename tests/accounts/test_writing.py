"""What the writing tools respect: one's own, in every document."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from apps.accounts.models import PersonalWriting
from apps.accounts.writing import WritingChanges, change_writing
from tests.cast import browser_of, make_user

PATH = "/api/v1/writing"
EMPTY = {"words": [], "ignored_rules": [], "language": "", "style": ""}

pytestmark = pytest.mark.django_db


def patch(browser: Any, **fields: Any) -> Any:
    return browser.patch(PATH, fields, content_type="application/json")


def test_it_is_empty_at_first_and_keeps_what_is_sent() -> None:
    browser = browser_of(make_user("Alice"))
    assert browser.get(PATH).json() == EMPTY
    answer = patch(browser, words=["Ptarmigan"], ignored_rules=["article"], language="en-GB", style="No Oxford comma.")
    wanted = {
        "words": ["Ptarmigan"],
        "ignored_rules": ["article"],
        "language": "en-GB",
        "style": "No Oxford comma.",
    }
    assert answer.json() == wanted
    assert browser.get(PATH).json() == wanted
    assert browser_of(make_user("Bob")).get(PATH).json() == EMPTY


def test_words_and_rules_are_added_and_removed_one_by_one() -> None:
    browser = browser_of(make_user("Alice"))
    patch(browser, add_words=["heron", " sand  martin "], add_ignored_rules=["article"])
    answer = patch(
        browser, add_words=["heron", "kite", ""], remove_words=["sand martin"], remove_ignored_rules=["article"]
    )
    assert answer.json()["words"] == ["heron", "kite"]
    assert answer.json()["ignored_rules"] == []


@pytest.mark.django_db(transaction=True)
def test_what_is_added_at_once_is_all_there() -> None:
    alice = make_user("Alice")

    def add(number: int) -> None:
        try:
            change_writing(PersonalWriting, WritingChanges(add_words=[f"word{number}"]), user=alice)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    assert set(PersonalWriting.objects.get(user=alice).words) == {f"word{number}" for number in range(12)}


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"style": "x" * 101}, 413, "too_large"),
        ({"add_words": ["a", "b", "c", "d"]}, 413, "too_large"),
        ({"add_words": ["x" * 101]}, 413, "too_large"),
        ({"language": "no language"}, 400, "invalid"),
        ({"language": "a" * 40}, 400, "invalid"),
        ({"colour": "red"}, 400, "invalid"),
        ({"words": "one"}, 400, "invalid"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    settings: Settings, fields: dict[str, Any], status: int, code: str
) -> None:
    settings.WRITING_STYLE_MAX_CHARACTERS = 100
    settings.WRITING_WORDS_MAX = 3
    browser = browser_of(make_user("Alice"))
    answer = patch(browser, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert browser.get(PATH).json() == EMPTY
