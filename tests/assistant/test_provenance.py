"""Where text comes from: the record, its two forms, and who may read it."""

import random
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from apps.accounts.models import User
from apps.assistant.decisions import decide
from apps.assistant.messages.client import Decide
from apps.assistant.models import Generation, State
from apps.assistant.provenance import percent
from apps.collaboration.services import append_update
from apps.documents.models import Document
from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

AI, PASTE = "ai", "paste"


def generation_of(user: User, document: Document, *, model: str = "openai/gpt-x", **fields: Any) -> Generation:
    return Generation.objects.create(
        id=uuid4(),
        document=document,
        user=user,
        action="continue",
        input={"text_before": "A secret question."},
        model=model,
        prompt_version="continue-2",
        state=State.DONE,
        ending={"type": "done"},
        text="Written by the model.",
        **fields,
    )


def accepted(user: User, generation: Generation, decision: str = "accepted") -> None:
    decide(user, generation.document_id, Decide.model_validate({"id": generation.pk, "decision": decision}))


def write(document: Document, *blocks: tuple[str, dict[str, Any], list[tuple[str, dict[str, Any] | None]]]) -> None:
    """Write blocks (tag, attributes, runs of text with marks) into the document's log."""
    doc: Doc[Any] = Doc()
    fragment = doc.get("default", type=XmlFragment)
    for tag, attributes, runs in blocks:
        element = fragment.children.append(XmlElement(tag, attributes))
        text = element.children.append(XmlText())
        position = 0
        for words, marks in runs:
            text.insert(position, words, marks)
            position += len(words.encode())
    append_update(document.pk, doc.get_update(), user_id=None)


def mark(origin: str, generation: str = "") -> dict[str, Any]:
    return {"origin": {"origin": origin, "gen": generation}}


def path_of(document: Document, rest: str = "") -> str:
    return f"/api/v1/documents/{document.pk}/provenance{rest}"


def test_it_says_what_was_typed_pasted_and_taken_over_by_whom_from_which_model(alice: User) -> None:
    bob = make_user("Bob")
    document = make_document(alice, "On herons", editors=[bob])
    generation = generation_of(alice, document, visibility="private")
    accepted(alice, generation)
    ai = mark(AI, str(generation.pk))
    write(
        document,
        ("paragraph", {}, [("Typed. ", None), ("Written ", ai), ("by it.", {**ai, "bold": {}}), (" Mine.", None)]),
        ("paragraph", {}, [("Pasted words.", mark(PASTE))]),
    )
    record = browser_of(bob).get(path_of(document)).json()
    assert record["characters"] == {"typed": 13, "pasted": 13, "assisted": 14}
    assert record["percent"] == {"typed": 32, "pasted": 32, "assisted": 35}
    assert [(span["origin"], span["block"], span["text"]) for span in record["spans"]] == [
        ("assisted", 1, "Written by it."),
        ("pasted", 2, "Pasted words."),
    ]
    (source,) = record["sources"]
    assert (source["model"], source["user"]["name"], source["action"]) == ("openai/gpt-x", "Alice", "continue")
    assert [(taken["decision"], taken["user"]["name"]) for taken in source["taken"]] == [("accepted", "Alice")]
    one = browser_of(bob).get(path_of(document, f"/sources/{generation.pk}"))
    assert one.json() == source
    assert b"secret" not in one.content


def test_a_mark_without_a_decision_is_not_on_record(alice: User) -> None:
    document, other = make_document(alice), make_document(alice)
    rejected, elsewhere = generation_of(alice, document), generation_of(alice, other)
    accepted(alice, rejected, "rejected")
    accepted(alice, elsewhere)
    forged = [str(rejected.pk), str(elsewhere.pk), str(uuid4()), "no uuid", ""]
    write(document, ("paragraph", {}, [(f"Run {at}. ", mark(AI, gen)) for at, gen in enumerate(forged)]))
    record = browser_of(alice).get(path_of(document)).json()
    assert record["sources"] == []
    assert {span["on_record"] for span in record["spans"]} == {False}
    assert record["characters"]["assisted"] > 0
    for generation in (rejected, elsewhere):
        assert browser_of(alice).get(path_of(document, f"/sources/{generation.pk}")).status_code == 404
    page = browser_of(alice).get(path_of(document, "/export?format=html")).content.decode()
    assert page.count('ai-disclosure="ai-autonomous"') == len(forged)
    assert 'ai-disclosure="ai-assisted"' not in page


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 200), ("editors", 200), ("commenters", 200), ("viewers", 200), ("stranger", 404), ("nobody", 401)],
)
@pytest.mark.parametrize("rest", ["", "/export", "/export?format=html", "/sources/{}"])
def test_who_may_read_it(alice: User, role: str, status: int, rest: str) -> None:
    bob = make_user("Bob")
    members = {role: [bob]} if role in ("editors", "commenters", "viewers") else {}
    document = make_document(alice, **members)  # type: ignore[arg-type]
    generation = generation_of(alice, document)
    accepted(alice, generation)
    browser = Client() if role == "nobody" else browser_of(alice if role == "owner" else bob)
    assert browser.get(path_of(document, rest.format(generation.pk))).status_code == status


def test_the_files_are_downloads_that_can_do_nothing(alice: User) -> None:
    document = make_document(alice, "Über Reiher / Part 1")
    for form, kind in (("json", "application/json"), ("html", "text/html; charset=utf-8")):
        answer = browser_of(alice).get(path_of(document, f"/export?format={form}"))
        assert answer["Content-Type"] == kind
        assert answer["Content-Disposition"] == f'attachment; filename="uber-reiher-part-1-provenance.{form}"'
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert browser_of(alice).get(path_of(document, "/export?format=exe")).status_code == 400


def test_the_json_names_generations_and_people(alice: User) -> None:
    document = make_document(alice, "On herons")
    generation = generation_of(alice, document)
    accepted(alice, generation, "edited")
    write(document, ("paragraph", {}, [("Written.", mark(AI, str(generation.pk)))]))
    record = browser_of(alice).get(path_of(document, "/export")).json()
    assert record["percent"] == {"typed": 0, "pasted": 0, "assisted": 100}
    assert record["spans"][0]["on_record"] is True
    (listed,) = record["generations"]
    assert (listed["provider"], listed["model"], listed["asked_by"]) == ("openai", "gpt-x", "Alice")
    assert [(taken["decision"], taken["by"]) for taken in listed["taken"]] == [("edited", "Alice")]
    assert datetime.fromisoformat(record["made_at"])


class Seen(HTMLParser):
    """Collects what a browser would: elements with their attributes, and whether they nest."""

    VOID = frozenset({"meta", "br", "hr", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def parse(page: str) -> Seen:
    seen = Seen()
    seen.feed(page)
    seen.close()
    assert seen.open == []
    return seen


def test_the_page_declares_what_the_assistant_wrote(alice: User) -> None:
    document = make_document(alice, "On herons")
    generation = generation_of(alice, document)
    accepted(alice, generation)
    ai = mark(AI, str(generation.pk))
    write(
        document,
        ("heading", {"level": 2.0}, [("Birds", None)]),
        ("paragraph", {}, [("Mine, ", {"bold": {}}), ("its.", {**ai, "link": {"href": "https://example.org/?a=1&b"}})]),
        ("codeBlock", {}, [("a < b", None)]),
    )
    page = browser_of(alice).get(path_of(document, "/export?format=html")).content.decode()
    seen = parse(page)
    (span,) = [attributes for tag, attributes in seen.elements if tag == "span"]
    assert (span["ai-disclosure"], span["ai-model"], span["ai-provider"]) == ("ai-assisted", "gpt-x", "openai")
    assert "<h3>Birds</h3>" in page
    assert "<strong>Mine, </strong>" in page
    assert "a < b" in seen.words
    assert ("a", {"href": "https://example.org/?a=1&b", "rel": "noopener noreferrer nofollow"}) in seen.elements
    assert f"{generation.pk}" in seen.words
    assert "Alice" in seen.words


ALLOWED = (
    "html head meta title body article footer h1 h2 h3 h4 p blockquote ul ol li table thead tbody tr th td pre code br "
    "hr img strong em u s a span"
)


def test_whatever_people_built_becomes_a_harmless_page(alice: User) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    choice = random.Random(seed)
    hostile = [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        "{title} {0} {",
        "&amp;&#60;",
        "\U0001f9a9",
        "</article></body>",
    ]
    tags = ["paragraph", "heading", "codeBlock", "image", "script", "taskItem", "hardBreak", "x onload=1", "tableCell"]
    values: list[Any] = [*hostile, 2.0, -1.0, 9e99, True, None, "data:image/png;base64,AAAA", "https://example.org/"]
    blocks: list[Any] = []
    for _ in range(60):
        attributes = {name: choice.choice(values) for name in ("level", "src", "alt", "checked")}
        marks = {
            "origin": choice.choice([{"origin": choice.choice(values), "gen": choice.choice(values)}, "x", 1.0]),
            "link": choice.choice([{"href": choice.choice(values)}, "javascript:alert(1)"]),
            choice.choice(["bold", "code", "<b>"]): {},
        }
        blocks.append((choice.choice(tags), attributes, [(choice.choice(hostile), marks)]))
    document = make_document(alice, choice.choice(hostile))
    write(document, *blocks)
    answer = browser_of(alice).get(path_of(document, "/export?format=html"))
    assert answer.status_code == 200
    seen = parse(answer.content.decode())
    assert {tag for tag, _ in seen.elements} <= set(ALLOWED.split())
    for _, attributes in seen.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "https:").split(":")[0] in ("http", "https", "mailto")
        assert (attributes.get("src") or "data:image/").startswith("data:image/")
    assert browser_of(alice).get(path_of(document)).status_code == 200


@pytest.mark.parametrize(
    ("part", "total", "said"), [(0, 0, 0), (0, 9, 0), (1, 9999, 1), (9998, 9999, 99), (9, 9, 100), (1, 3, 33)]
)
def test_shares_never_claim_all_or_nothing_wrongly(part: int, total: int, said: int) -> None:
    assert percent(part, total) == said
