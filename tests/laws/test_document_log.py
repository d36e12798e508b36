"""Laws of the document log: snapshot and tail are the whole log, positions have no gaps, whoever writes when."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from pycrdt import Doc, Map, Text, XmlElement, XmlFragment, XmlText

from apps.collaboration.compaction import compact
from apps.collaboration.models import DocumentLog, DocumentSnapshot, DocumentUpdate
from apps.collaboration.projection import outline, plain_text, project
from apps.collaboration.services import append_update, read_document, set_title
from apps.collaboration.structure import measure_nesting
from apps.collaboration.tasks import sweep
from apps.core.errors import NotFound
from apps.documents.models import Document
from tests.laws.histories import history


def contents(doc: "Doc[Any]") -> tuple[str, str]:
    return str(doc.get("t", type=Text)), str(doc.get("default", type=XmlFragment))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", range(3))
def test_snapshot_and_tail_are_the_whole_log(run: int) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    document = Document.objects.create()
    whole: Doc[Any] = Doc()
    updates = history(seed, authors=3, edits=120)
    for position, update in enumerate(updates, 1):
        whole.apply_update(update)
        append_update(document.pk, update, user_id=None)
        if chance.random() < 0.05:
            compact(document.pk)
        log = DocumentLog.objects.get(pk=document.pk)
        assert log.head == position
        tail = DocumentUpdate.objects.filter(log=log).order_by("position")
        assert [row.position for row in tail] == list(range(log.snapshot_position + 1, log.head + 1))
        assert log.tail_bytes == sum(len(row.data) for row in tail)
    assert contents(read_document(document.pk)) == contents(whole)
    compact(document.pk)  # nothing is left to fold where the last edit was folded already
    assert not compact(document.pk)
    assert not DocumentUpdate.objects.filter(log_id=document.pk).exists()
    snapshot = DocumentSnapshot.objects.get(pk=document.pk)
    assert snapshot.position == len(updates)
    assert DocumentLog.objects.get(pk=document.pk).nesting == measure_nesting(bytes(snapshot.data))
    assert contents(read_document(document.pk)) == contents(whole)


@pytest.mark.django_db(transaction=True)
def test_positions_have_no_gaps_whoever_writes_at_once() -> None:
    documents = [Document.objects.create().pk for _ in range(3)]
    update: Doc[Any] = Doc()
    update["t"] = Text("x")
    data = update.get_update()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(15):
                with transaction.atomic():
                    append_update(chance.choice(documents), data, user_id=None)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    rows: dict[UUID, list[int]] = {document: [] for document in documents}
    for log_id, position in DocumentUpdate.objects.order_by("position").values_list("log_id", "position"):
        rows[log_id].append(position)
    assert sum(map(len, rows.values())) == 60
    for document, positions in rows.items():
        assert positions == list(range(1, DocumentLog.objects.get(pk=document).head + 1))


@pytest.mark.django_db
def test_nothing_is_appended_to_a_document_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        append_update(uuid4(), b"\x00\x00", user_id=None)


@pytest.mark.django_db
def test_the_sweep_projects_text_and_title_and_folds_what_is_long(settings: Any) -> None:
    settings.SYNC_COMPACT_UPDATES = 3
    document = Document.objects.create()
    doc: Doc[Any] = Doc()
    text = doc.get("default", type=XmlFragment)
    for words in ("Dear Bob,", "second 😀 line", "third"):
        before = doc.get_state()
        text.children.append(XmlElement("paragraph", None, [XmlText(words)]))
        append_update(document.pk, doc.get_update(before), user_id=None)
    set_title(document.pk, "A letter", user_id=None)
    sweep()
    document.refresh_from_db()
    assert document.title == "A letter"
    assert document.text == "Dear Bob,\nsecond 😀 line\nthird"
    assert document.word_count == 5
    log = DocumentLog.objects.get(pk=document.pk)
    assert (log.head, log.projected_position, log.snapshot_position) == (4, 4, 4)


@pytest.mark.django_db
def test_a_document_that_was_folded_before_it_was_projected_is_projected_too() -> None:
    document = Document.objects.create()
    set_title(document.pk, "Folded first", user_id=None)
    compact(document.pk)  # nothing is left to fold where the last edit was folded already
    project(document.pk)
    document.refresh_from_db()
    assert document.title == "Folded first"


def test_text_is_read_out_of_lists_breaks_and_depths() -> None:
    doc: Doc[Any] = Doc()
    root = doc.get("default", type=XmlFragment)
    item = XmlElement("listItem", None, [XmlElement("paragraph", None, [XmlText("one")])])
    root.children.append(XmlElement("bulletList", None, [item]))
    root.children.append(XmlElement("paragraph", None, [XmlText("two"), XmlElement("hardBreak"), XmlText("three")]))
    root.children.append(XmlElement("paragraph"))
    parent = XmlElement("blockquote")
    root.children.append(parent)
    for _ in range(250):
        child = XmlElement("blockquote")
        parent.children.append(child)
        parent = child
    parent.children.append(XmlText("deep"))
    assert plain_text(doc) == "one\ntwo\nthree\n\ndeep"


def test_headings_are_read_out_with_their_levels() -> None:
    doc: Doc[Any] = Doc()
    root = doc.get("default", type=XmlFragment)
    levels: list[Any] = [1, 2.0, 99, "two", None]
    for level in levels:
        root.children.append(XmlElement("heading", {} if level is None else {"level": level}, [XmlText(f"at {level}")]))
    root.children.append(XmlElement("heading", {"level": levels[0]}))
    root.children.append(XmlElement("paragraph", None, [XmlText("text")]))
    assert outline(doc) == "# at 1\n## at 2.0\n###### at 99\n# at two\n# at None"


@pytest.mark.django_db
def test_a_title_that_is_no_text_is_none() -> None:
    document = Document.objects.create(title="before")
    doc: Doc[Any] = Doc()
    doc.get("meta", type=Map)["title"] = Map({"not": "text"})
    append_update(document.pk, doc.get_update(), user_id=None)
    project(document.pk)
    document.refresh_from_db()
    assert document.title == ""
