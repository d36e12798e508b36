"""Reads a document as it was built: elements opened and closed, and runs of text with their marks, in order.

What people built is walked with an explicit stack: deep trees would break recursion.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

from apps.collaboration.projection import CONTENT


@dataclass(frozen=True)
class Open:
    """An element begins. Attributes are whatever a browser wrote; numbers come as floats."""

    tag: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Close:
    """The element ends that `tag` and `attributes` opened."""

    tag: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """Text with the same marks throughout: name to attributes."""

    text: str
    marks: Mapping[str, Any]


Part = Open | Close | Run


def parts_of(doc: "Doc[Any]") -> Iterator[Part]:
    """Yield the parts of the document's shared text."""
    stack: list[Any] = list(reversed(list(doc.get(CONTENT, type=XmlFragment).children)))
    while stack:
        node = stack.pop()
        if isinstance(node, Close):
            yield node
        elif isinstance(node, XmlText):
            for text, marks in node.diff():
                if isinstance(text, str) and text:
                    yield Run(text, marks or {})
        elif isinstance(node, XmlElement):
            tag = node.tag or ""
            attributes: dict[str, Any] = dict(node.attributes)  # type: ignore[call-overload]  # pycrdt names it an iterable
            yield Open(tag, attributes)
            stack.append(Close(tag, attributes))
            stack.extend(reversed(list(node.children)))
