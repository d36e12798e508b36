"""Laws of versions: any of them can be brought back exactly, whoever types meanwhile, and nothing is lost by it."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from pycrdt import Doc, Map, XmlElement, XmlFragment, XmlText
from pytest_django import Settings

from apps.collaboration.compaction import compact
from apps.collaboration.content.exact import digest, make_alike
from apps.collaboration.content.tree import as_json, read_blocks
from apps.collaboration.models import DocumentLog, DocumentUpdate, DocumentVersion
from apps.collaboration.projection import plain_text, title
from apps.collaboration.services import append_update, read_document
from apps.collaboration.structure import Known, check
from apps.collaboration.versions.making import make_version, version_doc
from apps.collaboration.versions.restoring import restore_version
from apps.collaboration.versions.saving import settle
from apps.documents.models import Document
from tests.laws.histories import history

WORDS = ["heron", "ünïcode", "日本", "😀👩‍🚀", "weir", "  ", "a\tb", "rain"]
MARKS: list[dict[str, Any]] = [
    {},
    {"bold": {}},
    {"bold": {}, "italic": {}},
    {"underline": {}},
    {"code": {}},
    {"link": {"href": "https://example.org/a", "title": None}},
    {"link": {"href": "https://example.org/b", "rel": "noopener"}},
    {"origin": {"origin": "ai", "gen": "5b1e"}},
    {"comment--aa11": {"id": "x"}, "strike": {}},
]


class Writer:
    """Edits its copy as the editor does: paragraphs, headings, lists, tables, pictures, marks, breaks, the title."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.doc: Doc[Any] = Doc()
        self.content = self.doc.get("default", type=XmlFragment)
        self.meta = self.doc.get("meta", type=Map)

    def edit(self) -> bytes:
        before = self.doc.get_state()
        with self.doc.transaction():
            self.chance.choice(
                [self._add, self._add, self._table, self._picture, self._remove, self._move, self._set, self._call]
                + [self._type, self._type, self._erase, self._mark] * 2
            )()
        return self.doc.get_update(before)

    def texts(self) -> Iterator[XmlText]:
        stack: list[Any] = list(self.content.children)
        while stack:
            node = stack.pop()
            if isinstance(node, XmlText):
                yield node
            else:
                stack += list(node.children)

    def _words(self) -> str:
        return " ".join(self.chance.choices(WORDS, k=self.chance.randint(1, 6)))

    def _place(self) -> int:
        return self.chance.randint(0, len(self.content.children))

    def _paragraph(self, tag: str = "paragraph") -> XmlElement:
        inside: list[Any] = [XmlText(self._words())]
        if self.chance.random() < 0.3:
            inside += [XmlElement("hardBreak"), XmlText(self._words())]
        attributes: dict[str, Any] = {"level": float(self.chance.randint(1, 3))} if tag == "heading" else {}
        return XmlElement(tag, attributes, inside)

    def _add(self) -> None:
        kind = self.chance.choice(["paragraph", "paragraph", "heading", "blockquote", "taskList", "empty", "codeBlock"])
        if kind == "empty":
            block = XmlElement("paragraph")
        elif kind in ("paragraph", "heading", "codeBlock"):
            block = self._paragraph(kind)
        elif kind == "blockquote":
            block = XmlElement(kind, None, [XmlElement(kind, None, [self._paragraph()]), self._paragraph()])
        else:
            done: dict[str, Any] = {"checked": self.chance.random() < 0.5}
            block = XmlElement(kind, None, [XmlElement("taskItem", done, [self._paragraph()])])
        self.content.children.insert(self._place(), block)

    def _table(self) -> None:
        width: dict[str, Any] = {"colspan": 1.0}
        rows = [
            XmlElement("tableRow", None, [XmlElement("tableCell", width, [self._paragraph()]) for _ in "ab"])
            for _ in range(2)
        ]
        self.content.children.insert(self._place(), XmlElement("table", None, rows))

    def _picture(self) -> None:
        picture = XmlElement("image", {"src": "data:image/png;base64,AA==", "alt": self._words()})
        self.content.children.insert(self._place(), picture)

    def _remove(self) -> None:
        if len(self.content.children):
            del self.content.children[self.chance.randrange(len(self.content.children))]

    def _move(self) -> None:
        self._remove()
        self._add()

    def _set(self) -> None:
        for block in list(self.content.children):
            if isinstance(block, XmlElement) and block.tag == "heading":
                block.attributes["level"] = float(self.chance.randint(1, 3))
                return

    def _call(self) -> None:
        self.meta["title"] = self._words()

    def _text(self) -> XmlText | None:
        texts = list(self.texts())
        return self.chance.choice(texts) if texts else None

    def _cut(self, text: XmlText) -> int:
        """Return a place between two characters, in bytes."""
        whole = "".join(part for part, _ in text.diff())
        return len(whole[: self.chance.randint(0, len(whole))].encode())

    def _type(self) -> None:
        if text := self._text():
            text.insert(self._cut(text), self._words(), self.chance.choice(MARKS))

    def _erase(self) -> None:
        if text := self._text():
            start, end = sorted((self._cut(text), self._cut(text)))
            del text[start:end]

    def _mark(self) -> None:
        if text := self._text():
            start, end = sorted((self._cut(text), self._cut(text)))
            marks = dict(self.chance.choice(MARKS))
            if self.chance.random() < 0.3:
                marks["bold"] = None
            if end > start and marks:
                text.format(start, end, marks)


def reading(doc: "Doc[Any]") -> tuple[str, list[Any]]:
    """Return the title and ProseMirror's JSON, in which texts side by side with the same marks are one."""
    return title(doc), [joined(as_json(block)) for block in read_blocks(doc)]


def joined(node: dict[str, Any]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for child in map(joined, node.get("content", [])):
        last = content[-1] if content else {}
        if "text" in child and "text" in last and child["marks"] == last["marks"]:
            last["text"] += child["text"]
        else:
            content.append(child)
    marks = sorted(node.get("marks", []), key=lambda mark: str(mark["type"]))
    return {**node, "content": content, "marks": marks}


@pytest.fixture
def seed() -> int:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return seed


@pytest.mark.parametrize("run", range(10))
def test_any_document_can_be_made_to_read_as_any_other(seed: int, run: int) -> None:
    chance = random.Random(seed)
    one, other = Writer(chance), Writer(chance)
    for writer in (one, other):
        for _ in range(chance.randint(0, 40)):
            writer.edit()
    if chance.random() < 0.5:  # relatives
        other.doc.apply_update(one.doc.get_update())
    before = one.doc.get_update()
    copy: Doc[Any] = Doc()
    copy.apply_update(before)
    update = make_alike(one.doc, other.doc)
    wanted = reading(other.doc)
    assert reading(one.doc) == (wanted[0] or reading(copy)[0], wanted[1])
    if update is None:
        assert reading(copy)[1] == wanted[1]
        return
    known = Known()
    known.adopt(check(before, Known(), nesting_limit=256))
    check(update, known, nesting_limit=256)
    copy.apply_update(update)
    assert reading(copy) == reading(one.doc)
    assert make_alike(one.doc, other.doc) is None


@pytest.mark.parametrize("run", range(5))
def test_documents_of_other_editors_are_made_alike_too(seed: int, run: int) -> None:
    """Whatever a Yjs client builds: texts beside blocks, blocks in blocks."""
    one, other = Doc(), Doc()  # type: ignore[var-annotated]
    for doc, its_seed in ((one, seed), (other, seed + 1)):
        for update in history(its_seed, authors=2, edits=60):
            doc.apply_update(update)
    make_alike(one, other)
    assert reading(one)[1] == reading(other)[1]


def test_a_deep_document_is_brought_back_without_recursion() -> None:
    deep, empty = Doc(), Doc()  # type: ignore[var-annotated]
    parent: Any = deep.get("default", type=XmlFragment)
    for _ in range(250):
        child = XmlElement("blockquote")
        parent.children.append(child)
        parent = child
    parent.children.append(XmlText("deep"))
    make_alike(empty, deep)
    assert plain_text(empty) == "deep"
    assert digest(empty) == digest(deep)


def typing_anywhere(writer: Writer, words: str) -> bytes:
    """Have somebody type `words` where they happen to be: into a text that is there, or into a new paragraph."""
    before = writer.doc.get_state()
    text = writer._text()
    if text is not None and writer.chance.random() < 0.8:
        text.insert(writer._cut(text), words)
    else:
        writer.content.children.append(XmlElement("paragraph", None, [XmlText(words)]))
    return writer.doc.get_update(before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", range(5))
def test_a_version_comes_back_while_others_type_and_nothing_is_lost(seed: int, run: int, settings: Settings) -> None:
    settings.VERSION_SETTLE_SECONDS = 0
    chance = random.Random(seed)
    document, author = Document.objects.create(), uuid4()
    writer = Writer(chance)
    read: dict[int, Any] = {}
    for _ in range(60):
        append_update(document.pk, writer.edit(), user_id=author)
        if chance.random() < 0.1 and (version := make_version(document.pk)):
            read[version.number] = reading(writer.doc)
        if chance.random() < 0.05:
            compact(document.pk)
    if not read:
        return
    number = chance.choice(list(read))
    before = reading(writer.doc)
    version = DocumentVersion.objects.get(log_id=document.pk, number=number)
    typed = [typing_anywhere(writer, words) for words in ("MEANWHILE", "ÆØŒ🦢")]  # their server knows of none yet
    restored = restore_version(document.pk, number, user_id=author)
    wanted_title = read[number][0] or before[0]
    assert reading(read_document(document.pk)) == (wanted_title, read[number][1])
    for update in typed:
        append_update(document.pk, update, user_id=author)
    if restored.version:
        assert not compact(document.pk), "the rows are still needed"
    for _ in range(2):
        settle(document.pk)
    server = read_document(document.pk)
    writer.doc.apply_update(server.get_update(writer.doc.get_state()))
    assert reading(server) == reading(writer.doc)
    text = plain_text(server)
    # Whoever typed into what they had typed themselves has it in pieces.
    assert sorted("MEANWHILEÆØŒ🦢") == sorted(letter for letter in text if letter in "MEANWHILEÆØŒ🦢")
    wanted = plain_text(version_doc(version))
    assert "".join(letter for letter in text if letter not in "MEANWHILEÆØŒ🦢").split() == wanted.split()
    if restored.version:
        undone = restore_version(document.pk, restored.before, user_id=author)
        assert undone.version
        assert reading(read_document(document.pk))[1] == before[1]


@pytest.mark.django_db(transaction=True)
def test_versions_are_made_once_beside_writers_and_folding(seed: int) -> None:
    """However many make them at once: numbers without gaps, every author in one of them, each state as it was."""
    document = Document.objects.create()
    authors = [uuid4() for _ in range(8)]
    writer = Writer(random.Random(seed))
    updates = [writer.edit() for _ in range(80)]

    def write() -> None:
        for place, update in enumerate(updates):
            append_update(document.pk, update, user_id=authors[place // 10])

    def work(what: Any) -> None:
        for _ in range(12):
            what(document.pk)

    def closing(do: Any, *arguments: Any) -> None:
        try:
            do(*arguments)
        finally:
            connection.close()

    append_update(document.pk, Doc().get_update(), user_id=None)
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(closing, write), pool.submit(closing, work, compact)]
        tasks += [pool.submit(closing, work, make_version) for _ in range(2)]
        for task in tasks:
            task.result()
    make_version(document.pk)
    assert make_version(document.pk) is None
    versions = list(DocumentVersion.objects.filter(log_id=document.pk).order_by("number"))
    log = DocumentLog.objects.get(pk=document.pk)
    assert [version.number for version in versions] == list(range(1, log.last_version + 1))
    assert (log.version_position, log.unversioned_authors) == (log.head, [])
    assert {author for version in versions for author in version.author_ids} == set(authors)
    whole: Doc[Any] = Doc()
    states = {1: digest(whole)}
    for position, update in enumerate(updates, 2):
        whole.apply_update(update)
        states[position] = digest(whole)
    for version in versions:
        assert bytes(version.digest) == states[version.position] == digest(version_doc(version))


@pytest.mark.django_db(transaction=True)
def test_who_wrote_is_known_after_folding() -> None:
    document, alice, bob = Document.objects.create(), uuid4(), uuid4()
    writer = Writer(random.Random(1))
    writer._add()
    append_update(document.pk, writer.doc.get_update(), user_id=alice)
    compact(document.pk)
    append_update(document.pk, writer.edit(), user_id=bob)
    compact(document.pk)
    assert not DocumentUpdate.objects.exists()
    version = make_version(document.pk)
    assert version
    assert set(version.author_ids) == {alice, bob}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", [True, False])
def test_what_its_writer_writes_again_is_not_put_back_too(again: bool, settings: Settings) -> None:
    settings.VERSION_SETTLE_SECONDS = 0
    document, author = Document.objects.create(), uuid4()
    writer = Writer(random.Random(0))

    def write(words: str) -> bytes:
        before = writer.doc.get_state()
        writer.content.children.append(XmlElement("paragraph", None, [XmlText(words)]))
        return writer.doc.get_update(before)

    append_update(document.pk, write("One."), user_id=author)
    version = make_version(document.pk)
    assert version is not None
    append_update(document.pk, write("Two."), user_id=author)
    before = writer.doc.get_state()
    next(writer.texts()).insert(0, "MEANWHILE ")
    typed = writer.doc.get_update(before)
    assert "MEANWHILE Two." in plain_text(writer.doc)
    restore_version(document.pk, version.number, user_id=author)
    append_update(document.pk, typed, user_id=author)
    writer.doc.apply_update(read_document(document.pk).get_update())
    if again:
        append_update(document.pk, write("MEANWHILE "), user_id=author)
    settle(document.pk)
    assert plain_text(read_document(document.pk)).count("MEANWHILE") == 1
