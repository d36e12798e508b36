"""Writes a document's text as HTML. Everything that people or models wrote is escaped."""

from collections.abc import Iterable
from math import isfinite
from typing import Any

from django.utils.html import escape, format_html

from apps.collaboration.content.parsing import is_picture, is_safe
from apps.collaboration.content.tree import HEADING_LEVELS
from apps.collaboration.reading import Close, Open, Part, Run

BLOCKS = {
    "paragraph": "p",
    "blockquote": "blockquote",
    "bulletList": "ul",
    "orderedList": "ol",
    "listItem": "li",
    "taskList": "ul",
    "taskItem": "li",
    "table": "table",
    "tableRow": "tr",
    "tableHeader": "th",
    "tableCell": "td",
}
VOID = {"hardBreak": "<br>", "horizontalRule": "<hr>"}
MARKS = {"bold": "strong", "italic": "em", "underline": "u", "strike": "s", "code": "code"}


def document_html(parts: Iterable[Part]) -> str:
    """Return a fragment: the text without a page around it."""
    return "".join(_part(part) for part in parts)


def _part(part: Part) -> str:
    match part:
        case Run():
            return text_html(part)
        case Open():
            return opening(part)
        case Close():
            return closing(part)


def opening(part: Open, *, top_level: int = 1) -> str:
    """Return an element's beginning. `top_level`: which heading the highest one is."""
    tag, attributes = part.tag, part.attributes
    if tag in VOID:
        return VOID[tag]
    if tag == "heading":
        return f"<h{_level(attributes.get('level'), top_level)}>"
    if tag == "codeBlock":
        return "<pre><code>"
    if tag == "image":
        return _image(str(attributes.get("src") or ""), str(attributes.get("alt") or ""))
    if tag == "taskItem":
        return "<li>" + ("☑ " if attributes.get("checked") in (True, "true") else "☐ ")
    return f"<{BLOCKS[tag]}>" if tag in BLOCKS else ""


def closing(part: Close, *, top_level: int = 1) -> str:
    """Return an element's end."""
    if part.tag == "heading":
        return f"</h{_level(part.attributes.get('level'), top_level)}>\n"
    if part.tag == "codeBlock":
        return "</code></pre>\n"
    return f"</{BLOCKS[part.tag]}>\n" if part.tag in BLOCKS else ""


def _level(level: Any, top_level: int) -> int:
    """Return which heading it is; one whose level is no number is the highest."""
    known = isinstance(level, int | float) and isfinite(level)
    return top_level - 1 + (min(max(int(level), 1), HEADING_LEVELS) if known else 1)


def _image(source: str, words: str) -> str:
    if not is_picture(source):
        return escape(words)
    return format_html('<img src="{}" alt="{}">', source, words)


def text_html(run: Run) -> str:
    """Return a run with its marks and its link."""
    html = str(escape(run.text))
    for mark, tag in MARKS.items():
        if mark in run.marks:
            html = f"<{tag}>{html}</{tag}>"
    link = run.marks.get("link")
    address = link.get("href") if isinstance(link, dict) else None
    if isinstance(address, str) and is_safe(address, relative=False):
        html = f'<a href="{escape(address)}" rel="noopener noreferrer nofollow">{html}</a>'
    return html
