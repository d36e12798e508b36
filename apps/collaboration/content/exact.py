"""Makes one document read exactly as another does: every mark, attribute, table and image, and the title.

What is the same is not touched, in a text not even the letters that stay; so what others type there meanwhile stays. An
element is reused where one of its kind has to be there. Trees are walked with explicit stacks: they may be deep.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from hashlib import blake2b
from typing import Any

from pycrdt import Doc, Map, TransactionEvent, XmlElement, XmlFragment, XmlText

from apps.collaboration.content.alignment import ALIGNED_MAX, COMPARED_CHARACTERS, Pairing, align
from apps.collaboration.content.text_edits import edit_runs
from apps.collaboration.projection import CONTENT, title
from apps.collaboration.reading import Run
from apps.collaboration.services import META, TITLE

TEXT = "#text"
OF_A_KIND = 0.01  # how alike two elements are that share nothing but their kind
DIGEST_BYTES = 16


@dataclass
class Node:
    """A node of the shared text. `values`: what a text is made of, with marks; more than words where it holds embeds.

    `digest`: the same for nodes that read the same.
    """

    tag: str
    shared: Any
    attributes: dict[str, Any] = field(default_factory=dict)
    values: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    digest: bytes = b""

    @property
    def is_text(self) -> bool:
        return self.tag == TEXT

    @property
    def is_empty_text(self) -> bool:
        return self.is_text and not self.values

    @property
    def is_plain(self) -> bool:
        return all(isinstance(value, str) for value, _ in self.values)

    @property
    def runs(self) -> list[Run]:
        return [Run(value, marks) for value, marks in self.values]

    @cached_property
    def beginning(self) -> str:
        """The first of its letters."""
        found: list[str] = []
        length = 0
        stack = [self]
        while stack and length < COMPARED_CHARACTERS:
            node = stack.pop()
            words = [value for value, _ in node.values if isinstance(value, str)]
            found += words
            length += sum(map(len, words))
            stack.extend(reversed(node.children))
        return "".join(found)[:COMPARED_CHARACTERS]


def digest(doc: "Doc[Any]") -> bytes:
    """Return the same for documents that read the same, title included."""
    return _hashed([_tree(doc).digest.hex(), title(doc)])


def is_blank(doc: "Doc[Any]") -> bool:
    """Whether nothing was ever written: no title, and nothing but an empty paragraph."""
    blocks = _tree(doc).children
    return not title(doc) and all(block.tag == "paragraph" and not block.children for block in blocks)


def make_alike(doc: "Doc[Any]", wanted: "Doc[Any]") -> bytes | None:
    """Edit `doc` until it reads as `wanted`, and return that as one update; None where it does already.

    A title is not taken away: where `wanted` has none, the one there is stays.
    """
    updates: list[bytes] = []

    def keep(event: TransactionEvent) -> None:
        updates.append(event.update)

    subscription = doc.observe(keep)
    with doc.transaction():
        if title(wanted) and title(wanted) != title(doc):
            doc.get(META, type=Map)[TITLE] = title(wanted)
        _make_nodes_alike(_tree(doc), _tree(wanted))
    doc.unobserve(subscription)
    return updates[0] if updates else None


def _tree(doc: "Doc[Any]") -> Node:
    root = Node("", doc.get(CONTENT, type=XmlFragment))
    nodes = [root]
    for node in nodes:  # grows while it is walked: parents before children
        node.children = [_node(child) for child in node.shared.children] if not node.is_text else []
        nodes += node.children
    for node in reversed(nodes):
        node.digest = _hashed([node.tag, node.attributes, _merged(node.values), _read_children(node)])
    return root


def _node(shared: Any) -> Node:
    if isinstance(shared, XmlText):
        return Node(TEXT, shared, values=[(value, dict(marks or {})) for value, marks in shared.diff() if value != ""])
    return Node(shared.tag or "", shared, attributes=dict(shared.attributes))


def _read_children(node: Node) -> list[Any]:
    """Return what stands for the children; texts side by side read as one."""
    read: list[Any] = []
    for child in node.children:
        if not child.is_text:
            read.append(child.digest.hex())
        elif read and isinstance(read[-1], list):
            read[-1] = _merged([*read[-1], *child.values])
        elif child.values:
            read.append(_merged(child.values))
    return read


def _merged(values: Sequence[Any]) -> list[Any]:
    merged: list[Any] = []
    for value, marks in values:
        if merged and merged[-1][1] == marks and isinstance(value, str) and isinstance(merged[-1][0], str):
            merged[-1] = (merged[-1][0] + value, marks)
        else:
            merged.append((value, marks))
    return merged


def _hashed(value: Any) -> bytes:
    written = json.dumps(_whole(value), sort_keys=True, default=str).encode(errors="surrogatepass")
    return blake2b(written, digest_size=DIGEST_BYTES).digest()


def _whole(value: Any) -> Any:
    """Return `value` with numbers as JavaScript writes them: those of the shared document are floats."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return value


# Editing


def _make_nodes_alike(old: Node, new: Node) -> None:
    stack = [(old, new)]
    while stack:
        old, new = stack.pop()
        if old.digest == new.digest:
            continue
        if old.is_text:
            _edit_text(old, new)
            continue
        _set_attributes(old, new)
        stack.extend(_edit_children(old, new))


def _set_attributes(old: Node, new: Node) -> None:
    if isinstance(old.shared, XmlFragment):
        return
    for name in old.attributes.keys() - new.attributes.keys():
        del old.shared.attributes[name]
    for name, value in new.attributes.items():
        if name not in old.attributes or old.attributes[name] != value:
            old.shared.attributes[name] = value


def _edit_text(old: Node, new: Node) -> None:
    text: XmlText = old.shared
    if old.is_plain and new.is_plain:
        edit_runs(text, old.runs, new.runs, exactly=True)
        return
    text.clear()
    for value, marks in new.values:
        if isinstance(value, str):
            text.insert(len(text), value, marks)
        else:
            text.insert_embed(len(text), value, marks)


def _edit_children(old: Node, new: Node) -> Iterator[tuple[Node, Node]]:
    """Give `old` children of the kinds that `new` has; yield those that still have to be made alike.

    From the end, so that what stands before keeps its place.
    """
    wanted = [child for child in new.children if not child.is_empty_text]
    digests = [child.digest for child in old.children], [child.digest for child in wanted]
    for kind, first, end, new_first, new_end in reversed(SequenceMatcher(None, *digests, autojunk=False).get_opcodes()):
        if kind == "equal":
            continue
        before, after = old.children[first:end], wanted[new_first:new_end]
        at = end
        for old_place, new_place in reversed(_aligned(before, after)):
            if old_place is not None:
                at = first + old_place
            if old_place is not None and new_place is not None:
                yield before[old_place], after[new_place]
            elif new_place is not None:
                yield _inserted(old.shared, at, after[new_place]), after[new_place]
            elif old_place is not None:
                _take_away(old.shared, at, before[old_place])


def _inserted(parent: XmlFragment | XmlElement, at: int, new: Node) -> Node:
    """Insert an empty node of the kind of `new`."""
    parent.children.insert(at, XmlText("") if new.is_text else XmlElement(new.tag))
    return Node(new.tag, parent.children[at])


def _take_away(parent: XmlFragment | XmlElement, at: int, node: Node) -> None:
    """Remove a node. A text stays, empty, for what others are typing into it."""
    if node.is_text:
        node.shared.clear()
    else:
        del parent.children[at]


def _aligned(old: Sequence[Node], new: Sequence[Node]) -> Pairing:
    if len(old) == len(new) and all(one.tag == other.tag for one, other in zip(old, new, strict=True)):
        return [(place, place) for place in range(len(old))]
    if len(old) * len(new) <= ALIGNED_MAX:
        return align(old, new, _likeness)
    return _in_order(old, new)


def _likeness(old: Node, new: Node) -> float:
    if old.tag != new.tag:
        return 0.0
    return OF_A_KIND + SequenceMatcher(None, old.beginning, new.beginning).quick_ratio()


def _in_order(old: Sequence[Node], new: Sequence[Node]) -> Pairing:
    """Pair nodes of a kind one after the other: for so many that comparing them takes long."""
    pairs: Pairing = []
    place = 0
    for new_place, node in enumerate(new):
        if place < len(old) and old[place].tag == node.tag:
            pairs.append((place, new_place))
            place += 1
        else:
            pairs.append((None, new_place))
    return pairs + [(rest, None) for rest in range(place, len(old))]
