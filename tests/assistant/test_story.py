"""A story's sheet: read from the text by a task, kept as people want it, given to the model and shown when used."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import User
from apps.assistant.models import Generation, SheetEntry, StorySheet
from apps.assistant.story import found_in, read_due_sheets, take_reading
from apps.documents.models import Document
from tests.assistant.conftest import House
from tests.cast import browser_of, make_document, make_user
from tests.processes import wait_until

STORY = "It was late when Anna came to the mill. Piet had waited in Haarlem. Nobody spoke of the letter."
READ = "\n".join(
    (
        '{"kind": "character", "name": "Anna", "note": "Came late to the mill."}',
        '{"kind": "character", "name": "Piet", "note": "Waits."}',
        '{"kind": "place", "name": "Haarlem", "note": ""}',
        '{"kind": "thread", "name": "The letter", "note": "Nobody speaks of it."}',
        '{"kind": "character", "name": "Dracula", "note": "Not in the text."}',
        '{"kind": "weapon", "name": "Anna"}',
        '{"kind": "place", "name": "half',
        "Here you are!",
    )
)


def path(document: Document) -> str:
    return f"/api/v1/documents/{document.pk}/story"


def patch(user: User, document: Document, **body: Any) -> Any:
    return browser_of(user).patch(path(document), body, content_type="application/json")


def shown(user: User, document: Document) -> list[tuple[str, str, str, bool]]:
    entries = browser_of(user).get(path(document)).json()["entries"]
    return [(one["kind"], one["name"], one["note"], one["by_person"]) for one in entries]


def have_read(document: Document, answer: str) -> Generation:
    """Have the task ask for a reading that is due, and answer it."""
    read_due_sheets()
    generation = Generation.objects.get(document=document, action="sheet", state="queued")
    Generation.objects.filter(pk=generation.pk).update(state="done", text=answer)
    generation.refresh_from_db()
    take_reading(generation)
    return generation


def rewrite(document: Document, text: str) -> None:
    """Change the text, and let the last reading be long ago."""
    Document.objects.filter(pk=document.pk).update(text=text, edited_at=timezone.now())
    Generation.objects.update(created_at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def story(transactional_db: None) -> tuple[User, Document]:
    alice = make_user("Alice")
    document = make_document(alice)
    Document.objects.filter(pk=document.pk).update(text=STORY)
    return alice, document


def test_a_sheet_is_read_once_it_is_used_and_again_when_the_text_has_changed(story: tuple[User, Document]) -> None:
    alice, document = story
    read_due_sheets()
    assert not Generation.objects.exists()
    assert patch(alice, document).json() == {"entries": [], "read_at": None, "reading": False}
    asked = have_read(document, READ)
    assert (asked.user, asked.visibility) == (alice, "private")
    assert shown(alice, document) == [
        ("character", "Anna", "Came late to the mill.", False),
        ("character", "Piet", "Waits.", False),
        ("place", "Haarlem", "", False),
        ("thread", "The letter", "Nobody speaks of it.", False),
    ]
    read_due_sheets()
    assert not Generation.objects.filter(state="queued").exists()
    rewrite(document, STORY.replace("Piet had waited in Haarlem.", "") + " Anna wept.")
    have_read(document, '{"kind": "character", "name": "anna", "note": "Weeps."}')
    assert [one[:3] for one in shown(alice, document)] == [
        ("character", "Anna", "Weeps."),
        ("thread", "The letter", "Nobody speaks of it."),
    ]


def test_what_people_wrote_changed_or_took_out_is_left_so(story: tuple[User, Document]) -> None:
    alice, document = story
    patch(alice, document)
    have_read(document, READ)
    ids = {one["name"]: one["id"] for one in browser_of(alice).get(path(document)).json()["entries"]}
    answer = patch(
        alice,
        document,
        add=[{"kind": "character", "name": "The miller", "note": "Deaf."}],
        change=[{"id": ids["Anna"], "note": "The miller's daughter."}],
        remove=[ids["Piet"]],
    )
    assert answer.status_code == 200
    rewrite(document, STORY + " Piet left.")
    again = '{"kind": "character", "name": "The miller", "note": "Old."}'
    have_read(document, READ.replace("Came late", "Came early") + "\n" + again)
    assert shown(alice, document) == [
        ("character", "Anna", "The miller's daughter.", True),
        ("character", "The miller", "Deaf.", True),
        ("place", "Haarlem", "", False),
        ("thread", "The letter", "Nobody speaks of it.", False),
    ]
    patch(alice, document, add=[{"kind": "character", "name": "Piet"}])
    assert ("character", "Piet", "", True) in shown(alice, document)


def test_it_is_not_read_too_often_nor_when_nobody_uses_it(story: tuple[User, Document]) -> None:
    alice, document = story
    patch(alice, document)
    have_read(document, READ)
    Document.objects.filter(pk=document.pk).update(text=STORY + " More.", edited_at=timezone.now())
    read_due_sheets()
    assert not Generation.objects.filter(state="queued").exists()
    rewrite(document, STORY + " And more.")
    StorySheet.objects.update(used_at=timezone.now() - timedelta(days=30))
    read_due_sheets()
    assert not Generation.objects.filter(state="queued").exists()


def test_viewers_see_it_and_strangers_do_not(story: tuple[User, Document]) -> None:
    _, document = story
    vera, mallory = make_user("Vera"), make_user("Mallory")
    document.memberships.create(user=vera, role="viewer")
    assert browser_of(vera).get(path(document)).status_code == 200
    assert patch(vera, document).status_code == 403
    assert browser_of(mallory).get(path(document)).status_code == 404
    assert not StorySheet.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"add": [{"kind": "weapon", "name": "Axe"}]}, 400, "invalid"),
        ({"add": [{"kind": "place", "name": ""}]}, 400, "invalid"),
        ({"add": [{"kind": "place", "name": "  "}]}, 400, "invalid"),
        ({"add": [{"kind": "place", "name": "x" * 121}]}, 400, "invalid"),
        ({"remove": [7]}, 404, "not_found"),
        ({"add": [{"kind": "place", "name": f"Place {number}"} for number in range(3)]}, 413, "too_large"),
        ({"surplus": 1}, 400, "invalid"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    story: tuple[User, Document], settings: Settings, body: dict[str, Any], status: int, code: str
) -> None:
    settings.ASSISTANT_SHEET_ENTRIES_MAX = 2
    alice, document = story
    answer = patch(alice, document, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not SheetEntry.objects.exists()


def test_a_models_nonsense_makes_no_entries() -> None:
    for answer in ("", "null\n[]\n7", '{"kind": "place"}', "<html>", "[" * 100_000, '{"kind": "place", "name": 3}'):
        assert list(found_in(answer, STORY.lower())) == []


def test_the_sheet_is_given_to_the_model_and_shown_where_it_was_used(house: House) -> None:
    patch(
        house.alice,
        house.document,
        add=[
            {"kind": "character", "name": "Anna", "note": "Afraid of water."},
            {"kind": "place", "name": "Haarlem"},
        ],
    )
    house.provider.behave(text="Anna stood at the river and did not move.")
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate("It was late. ", action="story")
    for client in (alice, bob):
        assert client.hear_end(generation)["type"] == "done"
        (used,) = [event for event in client.events(generation) if event["type"] == "citation"]
        assert (used["source"], used["title"], used["quote"]) == ("character", "Anna", "Afraid of water.")
    prompt = house.provider.requests[0].prompt
    assert "character: Anna – Afraid of water." in prompt
    assert "place: Haarlem" in prompt
    other = alice.generate("It was late. ")
    alice.hear_end(other)
    assert "Afraid of water" not in house.provider.requests[-1].prompt


def test_the_text_is_read_by_a_generator_with_its_tokens_accounted_for(house: House, settings: Settings) -> None:
    settings.AI_FAST_MODEL = "openai/test"
    Document.objects.filter(pk=house.document.pk).update(text=STORY)
    house.provider.behave(text='{"kind": "character", "name": "Anna", "note": "Late."}')
    patch(house.alice, house.document)
    read_due_sheets()
    wait_until(lambda: SheetEntry.objects.exists(), what="the entry")
    assert shown(house.alice, house.document) == [("character", "Anna", "Late.", False)]
    reading = Generation.objects.get(action="sheet")
    assert reading.completion_tokens
    assert f"\n{STORY}\n" in house.provider.requests[0].prompt
