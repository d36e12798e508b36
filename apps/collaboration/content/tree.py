"""A document's shared text as a tree: blocks that hold blocks, and blocks that hold runs of text with their marks.

What people built may be nested deeply; below NESTING_MAX it is read as plain text, so that the tree can be walked by
recursion.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from apps.collaboration.projection import CONTENT, HARD_BREAK
from apps.collaboration.reading import Run

NESTING_MAX = 32
HEADING_LEVELS = 3  # that the editor has
LOOSE_TEXT = "#text"  # text that lies between blocks


@dataclass
class Element:
    """A node of the tree. `node`: where it is in the shared document; None for one that is not there yet.

    `is_flattened`: it holds more than the tree shows of it.
    """

    tag: str
    attributes: dict[str, Any] = field(default_factory=dict)
    children: list["Element | Run"] = field(default_factory=list)
    node: XmlElement | XmlText | None = None
    is_flattened: bool = False

    @property
    def blocks(self) -> list["Element"]:
        return [child for child in self.children if isinstance(child, Element) and child.tag != HARD_BREAK]

    @property
    def holds_text(self) -> bool:
        return not self.blocks and self.tag not in CONTAINERS and self.tag not in LEAVES

    @property
    def text(self) -> str:
        """The text in the element itself, with its line breaks."""
        return "".join(child.text if isinstance(child, Run) else "\n" for child in self.children)

    @property
    def is_blank(self) -> bool:
        """Whether it is a paragraph without any text in it, which Markdown cannot say."""
        return self.tag == "paragraph" and not self.text.strip("\n") and not self.blocks

    @property
    def level(self) -> int:
        value = self.attributes.get("level")
        return min(max(int(value), 1), HEADING_LEVELS) if isinstance(value, int | float) and value == value else 1


CONTAINERS = frozenset(
    {
        "blockquote",
        "bulletList",
        "orderedList",
        "listItem",
        "taskList",
        "taskItem",
        "table",
        "tableRow",
        "tableHeader",
        "tableCell",
    }
)
LEAVES = frozenset({"horizontalRule", "image", HARD_BREAK})


def read_blocks(doc: "Doc[Any]") -> list[Element]:
    """Return the top-level blocks of the document's shared text."""
    return [_read(child, 0) for child in doc.get(CONTENT, type=XmlFragment).children]


def _read(node: Any, depth: int) -> Element:
    if isinstance(node, XmlText):
        return Element(LOOSE_TEXT, {}, list(runs_of(node)), node)
    tag = node.tag or ""
    attributes: dict[str, Any] = dict(node.attributes)
    if depth >= NESTING_MAX:
        text = "".join(_all_text(node))
        return Element("paragraph", {}, [Run(text, {})] if text else [], node, is_flattened=True)
    children: list[Element | Run] = []
    for child in node.children:
        if isinstance(child, XmlText):
            children += runs_of(child)
        else:
            children.append(_read(child, depth + 1))
    return Element(tag, attributes, children, node)


def runs_of(text: XmlText) -> Iterator[Run]:
    """Yield the runs of a text."""
    for part, marks in text.diff():
        if isinstance(part, str) and part:
            yield Run(part, marks or {})


def _all_text(node: Any) -> Iterator[str]:
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, XmlText):
            yield from (run.text for run in runs_of(inner))
        else:
            stack.extend(reversed(list(inner.children)))


def is_flattened(blocks: list[Element]) -> bool:
    """Say whether something below is nested more deeply than the tree goes."""
    return any(block.is_flattened or is_flattened(block.blocks) for block in blocks)


def as_json(block: Element) -> dict[str, Any]:
    """Return a block as ProseMirror's JSON has it."""
    node: dict[str, Any] = {"type": "paragraph" if block.tag == LOOSE_TEXT else block.tag}
    attributes = {name: _whole(value) for name, value in block.attributes.items() if value is not None}
    if attributes:
        node["attrs"] = attributes
    if block.children:
        node["content"] = [
            as_json(child) if isinstance(child, Element) else _text_json(child) for child in block.children
        ]
    return node


def _text_json(run: Run) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "text", "text": run.text}
    if run.marks:
        node["marks"] = [
            {"type": name, "attrs": dict(value)} if isinstance(value, dict) and value else {"type": name}
            for name, value in run.marks.items()
        ]
    return node


def _whole(value: Any) -> Any:
    """Return a number as JavaScript writes it: those of the shared document are floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
