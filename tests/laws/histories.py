"""Random histories of real Yjs documents, made by pycrdt: text with marks and embeds, nested XML, maps, arrays."""

import random
from typing import Any

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

WORDS = ["a", "word", "ünï", "日本", "😀", "\u200b", "two\nlines", "x" * 40]


class Author:
    """One client: edits its copy at random and hands out what it did."""

    def __init__(self, chance: random.Random, client_id: int) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self._chance = chance
        self._text = self.doc.get("t", type=Text)
        self._content = self.doc.get("default", type=XmlFragment)
        self._meta = self.doc.get("meta", type=Map)
        self._list = self.doc.get("list", type=Array)

    def edit(self) -> bytes:
        """Make one random change, and return its update (empty where nothing could be changed)."""
        before = self.doc.get_state()
        text = [self._insert, self._insert, self._delete, self._format, self._embed]
        self._chance.choice([*text, self._block, self._unblock, self._set, self._unset, self._push, self._nest])()
        return self.doc.get_update(before)

    def _place(self, length: int) -> int:
        return self._chance.randrange(length + 1)

    def _insert(self) -> None:
        self._text += self._chance.choice(WORDS)

    def _first(self) -> int:
        """Return how long the first character or embed of the text is: pycrdt counts bytes of UTF-8."""
        first = self._text.diff()[0][0]
        return len(first[0].encode()) if isinstance(first, str) else 1

    def _delete(self) -> None:
        if len(self._text):
            end = len(self._text) if self._chance.random() < 0.05 else self._first()
            del self._text[0:end]

    def _format(self) -> None:
        if len(self._text) > 1:
            marks = {"bold": self._chance.choice([True, None]), "link": {"href": "x"}}
            self._text.format(0, self._first(), marks)

    def _embed(self) -> None:
        self._text.insert_embed(0, {"image": [1, 2.5, None, {"deep": [[]]}]})

    def _block(self) -> None:
        block = XmlElement("paragraph", {"level": "1"}, [XmlText(self._chance.choice(WORDS))])
        parent = self._content
        for child in list(self._content.children)[:1]:
            if isinstance(child, XmlElement) and self._chance.random() < 0.3:
                parent = child
        parent.children.insert(self._place(len(parent.children)), block)

    def _unblock(self) -> None:
        if len(self._content.children):
            del self._content.children[self._chance.randrange(len(self._content.children))]

    def _set(self) -> None:
        self._meta[self._chance.choice("abc")] = self._chance.choice(
            ["text", 1.5, -7, 1 << 40, None, True, [1, {"a": []}]]
        )

    def _unset(self) -> None:
        for key in list(self._meta.keys())[:1]:
            del self._meta[key]

    def _push(self) -> None:
        self._list.append(self._chance.choice([1, "s", {"k": "v"}, [1, [2]], None]))

    def _nest(self) -> None:
        self._list.append(Map({"inner": Array([Text("deep")])}))


def history(seed: int, *, authors: int, edits: int) -> list[bytes]:
    """Return updates of several authors who hear of each other now and then, in an order a server may receive them."""
    chance = random.Random(seed)
    people = [Author(chance, client_id=chance.randrange(1, 1 << 31)) for _ in range(authors)]
    log: list[bytes] = []
    heard = [0] * authors
    for _ in range(edits):
        index = chance.randrange(authors)
        if chance.random() < 0.3:
            for update in log[heard[index] :]:
                people[index].doc.apply_update(update)
            heard[index] = len(log)
        update = people[index].edit()
        if update != b"\x00\x00":
            log.append(update)
    return log
