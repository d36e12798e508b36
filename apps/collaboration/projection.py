"""Reads plain text, headings and title out of a document.

What people built is walked with an explicit stack: `str()` and `to_py()` recurse, and crash on deep trees.
"""

import logging
from typing import Any
from uuid import UUID

from django.db import connection
from pycrdt import Doc, Map, XmlElement, XmlFragment, XmlText

from apps.collaboration.models import DocumentLog
from apps.collaboration.services import META, TITLE, read_document
from apps.documents.services import record_projection

logger = logging.getLogger(__name__)

CONTENT = "default"  # Tiptap's name of the shared text
HARD_BREAK = "hardBreak"
HEADING = "heading"
LEVELS_MAX = 6
END_OF_BLOCK = object()

ADVANCE = """
UPDATE collaboration_documentlog SET projected_position = greatest(projected_position, %s) WHERE document_id = %s
"""


def plain_text(doc: "Doc[Any]") -> str:
    """Return the text of a document, one line per block that has text or is empty."""
    lines: list[str] = []
    line: list[str] = []
    stack: list[Any] = list(reversed(list(doc.get(CONTENT, type=XmlFragment).children)))
    while stack:
        node = stack.pop()
        if node is END_OF_BLOCK:
            lines.append("".join(line))
            line = []
        elif isinstance(node, XmlText):
            line += [part for part, _ in node.diff() if isinstance(part, str)]
        elif isinstance(node, XmlElement | XmlFragment):
            if isinstance(node, XmlElement) and node.tag == HARD_BREAK:
                line.append("\n")
                continue
            children = list(node.children)
            if not any(isinstance(child, XmlElement) and child.tag != HARD_BREAK for child in children):
                stack.append(END_OF_BLOCK)
            stack.extend(reversed(children))
    return "\n".join([*lines, *(["".join(line)] if line else [])])


def outline(doc: "Doc[Any]") -> str:
    """Return the headings that stand in the text itself, a line each: `##` and what it says."""
    lines = []
    for node in doc.get(CONTENT, type=XmlFragment).children:
        if isinstance(node, XmlElement) and node.tag == HEADING:
            words = " ".join(
                part
                for child in node.children
                if isinstance(child, XmlText)
                for part, _ in child.diff()
                if isinstance(part, str)
            )
            level = node.attributes.get("level")
            marks = "#" * min(max(int(level), 1), LEVELS_MAX) if isinstance(level, int | float) else "#"
            if words.strip():
                lines.append(f"{marks} {' '.join(words.split())}")
    return "\n".join(lines)


def title(doc: "Doc[Any]") -> str:
    value = doc.get(META, type=Map).get(TITLE)
    return value if isinstance(value, str) else ""


def project(document_id: UUID) -> None:
    """Write title, text and who edited last to the document, as of the log's head now."""
    log = DocumentLog.objects.filter(pk=document_id).first()
    if log is None or log.head == log.projected_position or log.quarantined_at is not None:
        return
    last = log.updates.filter(position__lte=log.head).order_by("-position").first()
    doc = read_document(document_id)
    record_projection(
        document_id,
        title=title(doc),
        text=plain_text(doc),
        outline=outline(doc),
        # where everything is folded already, the moment of that is close enough
        edited_at=last.created_at if last else log.snapshot.created_at,
        edited_by_id=last.author_id if last else log.document.edited_by_id,
    )
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [log.head, document_id])
