"""Conversations by REST: who may do what, what stays, what goes."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.models import Conversation, Generation, State, Turn
from apps.assistant.tasks import erase_conversations
from apps.documents.models import Document
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ANSWER = "They wait **by the weir**."


def path_of(document: Document, rest: str = "") -> str:
    return f"/api/v1/documents/{document.pk}/conversations/{rest}"


def send(browser: Client, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return browser.generic(method, path, "" if body is None else json.dumps(body), "application/json")


def begin(user: User, document: Document, **fields: str) -> str:
    answer = send(browser_of(user), "POST", path_of(document), fields)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def answered(conversation_id: str, question: str, *, parent: Turn | None = None, state: str = State.DONE) -> Turn:
    """Return a turn as it is after its answer came."""
    conversation = Conversation.objects.get(pk=conversation_id)
    generation = Generation.objects.create(
        id=uuid4(),
        document_id=conversation.document_id,
        user=conversation.user,
        action="chat",
        visibility=conversation.visibility,
        input={"messages": [{"role": "user", "content": question}], "conversation": conversation_id},
        model="interline/demo",
        prompt_version="chat-1",
        state=state,
        text=ANSWER if state == State.DONE else None,
    )
    return Turn.objects.create(conversation=conversation, generation=generation, parent=parent)


# what each may do with a conversation that Bob, an editor, began: status by visibility
ROLES = {
    "began": {"private": 200, "shared": 200},
    "owner": {"private": 404, "shared": 200},
    "editor": {"private": 404, "shared": 200},
    "commenter": {"private": 404, "shared": 200},
    "viewer": {"private": 404, "shared": 200},
    "stranger": {"private": 404, "shared": 404},
    "nobody": {"private": 401, "shared": 401},
}
MAY_MANAGE = {("began", "private"), ("began", "shared"), ("owner", "shared")}


@pytest.mark.parametrize("visibility", ["private", "shared"])
@pytest.mark.parametrize("role", ROLES)
def test_who_may_read_change_and_delete(alice: User, bob: User, role: str, visibility: str) -> None:
    people = {name: make_user(name) for name in ("editor", "commenter", "viewer", "stranger")}
    people |= {"began": bob, "owner": alice}
    document = make_document(
        alice,
        editors=[bob, people["editor"]],
        commenters=[people["commenter"]],
        viewers=[people["viewer"]],
    )
    conversation = begin(bob, document, visibility=visibility)
    turn = answered(conversation, "Where?")
    browser = Client() if role == "nobody" else browser_of(people[role])
    readable = ROLES[role][visibility]
    one = path_of(document, f"{conversation}/")
    for path in (one, one + "messages/", f"{one}messages/{turn.generation_id}/"):
        assert browser.get(path).status_code == readable, path
    listed = browser.get(path_of(document))
    if listed.status_code == 200:
        assert [item["id"] for item in listed.json()["items"]] == ([conversation] if readable == 200 else [])
    refused = 403 if readable == 200 else readable
    may = (role, visibility) in MAY_MANAGE
    assert send(browser, "PATCH", one, {"title": "Herons"}).status_code == (200 if may else refused)
    flipped = {"private": "shared", "shared": "private"}[visibility]
    assert send(browser, "PATCH", one, {"visibility": flipped}).status_code == (200 if role == "began" else refused)
    if role == "began":
        send(browser, "PATCH", one, {"visibility": visibility})
    assert send(browser, "DELETE", one).status_code == (204 if may else refused)
    assert browser.get(one).status_code == (404 if may else readable)
    assert send(browser, "POST", one + "restore").status_code == (200 if may else 404 if readable == 200 else readable)


@pytest.mark.parametrize(("role", "status"), [("viewers", 403), ("commenters", 403), ("editors", 201)])
def test_who_may_begin_one(alice: User, bob: User, role: str, status: int) -> None:
    document = make_document(alice, **{role: [bob]})  # type: ignore[arg-type]
    assert send(browser_of(bob), "POST", path_of(document), {}).status_code == status


def test_another_documents_conversation_is_not_found(alice: User) -> None:
    conversation = begin(alice, make_document(alice))
    assert browser_of(alice).get(path_of(make_document(alice), f"{conversation}/")).status_code == 404


@pytest.mark.parametrize(
    ("method", "body", "status", "code"),
    [
        ("POST", {"title": "x" * 121}, 400, "invalid"),
        ("POST", {"surplus": 1}, 400, "invalid"),
        ("POST", {"visibility": "public"}, 400, "invalid"),
    ],
)
def test_bad_requests_are_problems(alice: User, method: str, body: dict[str, Any], status: int, code: str) -> None:
    answer = send(browser_of(alice), method, path_of(make_document(alice)), body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_person_may_have_only_so_many(alice: User, settings: Any) -> None:
    settings.ASSISTANT_CONVERSATIONS_PER_PERSON = 2
    document = make_document(alice)
    for _ in range(2):
        begin(alice, document)
    answer = send(browser_of(alice), "POST", path_of(document), {})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_titles_are_one_line_and_encrypted(alice: User) -> None:
    document = make_document(alice)
    conversation = begin(alice, document, title="On\nherons\0 and  reeds")
    assert browser_of(alice).get(path_of(document, f"{conversation}/")).json()["title"] == "On herons and reeds"
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM assistant_conversation")
        assert b"herons" not in bytes(cursor.fetchone()[0])


def test_messages_come_in_pages_from_the_end_with_their_parents(alice: User) -> None:
    document = make_document(alice)
    conversation = begin(alice, document)
    turns: list[Turn] = []
    for number in range(5):
        turns.append(answered(conversation, f"Question {number}?", parent=turns[-1] if turns else None))
    path = path_of(document, f"{conversation}/messages/")
    last = browser_of(alice).get(path, {"page_size": 2}).json()
    assert [item["question"] for item in last["items"]] == ["Question 3?", "Question 4?"]
    assert last["more"] is True
    assert UUID(last["items"][1]["parent"]) == turns[3].generation_id
    assert (last["items"][1]["text"], last["items"][1]["state"]) == (ANSWER, "done")
    first = browser_of(alice).get(path, {"page_size": 3, "before": last["items"][0]["id"]}).json()
    assert [item["question"] for item in first["items"]] == ["Question 0?", "Question 1?", "Question 2?"]
    assert (first["more"], first["items"][0]["parent"]) == (False, None)


def test_taking_back_hides_the_answers_too(alice: User, bob: User) -> None:
    document = make_document(alice, editors=[bob])
    conversation = begin(bob, document, visibility="shared")
    turn = answered(conversation, "Where?")
    one = f"/api/v1/generations/{turn.generation_id}/"
    assert browser_of(alice).get(one).status_code == 200
    send(browser_of(bob), "PATCH", path_of(document, f"{conversation}/"), {"visibility": "private"})
    assert browser_of(alice).get(one).status_code == 404
    assert browser_of(bob).get(one).status_code == 200
    send(browser_of(bob), "PATCH", path_of(document, f"{conversation}/"), {"visibility": "shared"})
    assert browser_of(alice).get(one).status_code == 200


def test_while_an_answer_is_being_written_it_cannot_change_hands(alice: User) -> None:
    document = make_document(alice)
    conversation = begin(alice, document)
    answered(conversation, "Where?", state=State.RUNNING)
    one = path_of(document, f"{conversation}/")
    assert send(browser_of(alice), "PATCH", one, {"visibility": "shared"}).status_code == 409
    assert send(browser_of(alice), "DELETE", one).status_code == 409
    assert send(browser_of(alice), "PATCH", one, {"title": "Herons"}).status_code == 200


def test_what_was_deleted_long_ago_is_erased_and_its_tokens_stay_counted(alice: User, settings: Any) -> None:
    document = make_document(alice)
    old, young, kept = (begin(alice, document) for _ in range(3))
    turns = {conversation: answered(conversation, "Where?") for conversation in (old, young, kept)}
    Generation.objects.update(prompt_tokens=7, completion_tokens=5)
    for conversation in (old, young):
        send(browser_of(alice), "DELETE", path_of(document, f"{conversation}/"))
    long_ago = timezone.now() - timedelta(seconds=settings.ASSISTANT_CONVERSATION_TRASH_SECONDS + 1)
    Conversation.objects.filter(pk=old).update(deleted_at=long_ago)
    erase_conversations()
    assert set(Conversation.objects.values_list("pk", flat=True)) == {UUID(young), UUID(kept)}
    erased = Generation.objects.get(pk=turns[old].generation_id)
    assert (erased.text, erased.input, erased.prompt_tokens, erased.completion_tokens) == (None, {}, 7, 5)
    assert Generation.objects.get(pk=turns[young].generation_id).text == ANSWER
    assert send(browser_of(alice), "POST", path_of(document, f"{young}/restore")).status_code == 200
    assert send(browser_of(alice), "POST", path_of(document, f"{old}/restore")).status_code == 404
