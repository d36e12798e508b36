"""Reads Markdown into blocks such as the editor has. Raw HTML stays text; nothing of what was written is dropped."""

import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.collaboration.content.tree import HEADING_LEVELS, NESTING_MAX, Element
from apps.collaboration.projection import HARD_BREAK
from apps.collaboration.reading import Run
from apps.core.errors import Invalid

SAFE_SCHEMES = ("http", "https", "mailto")
IMAGE_PREFIXES = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif", "webp", "avif"))
LINK_ATTRIBUTES = {"target": "_blank", "rel": "noopener noreferrer nofollow"}  # as the editor writes them
MARK_TOKENS = {"strong": "bold", "em": "italic", "s": "strike"}
BLOCK_TOKENS = {
    "paragraph_open": "paragraph",
    "blockquote_open": "blockquote",
    "bullet_list_open": "bulletList",
    "ordered_list_open": "orderedList",
    "list_item_open": "listItem",
    "table_open": "table",
    "tr_open": "tableRow",
    "th_open": "tableHeader",
    "td_open": "tableCell",
}
TASK = re.compile(r"\[([ xX])\](?:\s+|$)")


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 4 * NESTING_MAX})
    reader.enable(["table", "strikethrough"])
    reader.normalizeLink = _as_written  # type: ignore[method-assign]  # addresses stay as they were written
    reader.normalizeLinkText = _shown_as_written  # type: ignore[method-assign]
    reader.validateLink = _may_be_followed  # type: ignore[method-assign]
    return reader


def _as_written(url: str) -> str:
    return url


def _shown_as_written(link: str) -> str:
    return link


def _may_be_followed(url: str) -> bool:
    return is_safe(url) or is_picture(url)


def is_safe(address: str, *, relative: bool = True) -> bool:
    """Say whether a link may lead there: to the web or to a mailbox, never into a script. `relative`: within a site."""
    try:
        scheme = urlsplit(address).scheme.lower()
    except ValueError:
        return False
    return scheme in SAFE_SCHEMES or (relative and not scheme)


def is_picture(address: str) -> bool:
    """Say whether it is a picture that lives in the document; addresses elsewhere would tell on the reader."""
    return address.startswith(IMAGE_PREFIXES)


def parse(markdown: str) -> list[Element]:
    """Return the blocks of `markdown`. Raises Invalid where they are nested too deeply."""
    root = Element("")
    stack = [root]
    for token in _reader().parse(markdown):
        if token.type == "inline":
            _take_text(stack, token)
        elif token.nesting == 1:
            _open(stack, token)
        elif token.nesting == -1:
            _close(stack, token)
        else:
            stack[-1].children.append(_leaf(token))
    return root.blocks


def _open(stack: list[Element], token: Token) -> None:
    if token.type in ("thead_open", "tbody_open"):
        return
    if len(stack) > NESTING_MAX:
        raise Invalid(f"The text has more than {NESTING_MAX} levels inside each other.")
    if token.type == "heading_open":
        element = Element("heading", {"level": min(int(token.tag[1:]), HEADING_LEVELS)})
    else:
        element = Element(BLOCK_TOKENS[token.type])
    if element.tag == "orderedList":
        element.attributes["start"] = int(token.attrs.get("start", 1))
    if element.tag in ("tableHeader", "tableCell"):
        element.attributes |= {"colspan": 1, "rowspan": 1}
    stack[-1].children.append(element)
    stack.append(element)


def _close(stack: list[Element], token: Token) -> None:
    if token.type in ("thead_close", "tbody_close"):
        return
    element = stack.pop()
    match element.tag:
        case "paragraph" | "heading":
            _split_at_pictures(stack[-1], element)
        case "listItem" if not element.blocks or element.blocks[0].tag != "paragraph":
            element.children.insert(0, Element("paragraph"))
        case "blockquote" | "tableHeader" | "tableCell" if not element.blocks:
            element.children.append(Element("paragraph"))
        case "bulletList":
            _as_tasks(element)


def _leaf(token: Token) -> Element:
    if token.type == "hr":
        return Element("horizontalRule")
    text = token.content.removesuffix("\n")
    words = token.info.split()
    return Element("codeBlock", {"language": words[0]} if words else {}, [Run(text, {})] if text else [])


def _as_tasks(element: Element) -> None:
    """Make a list whose every item begins with a box one of tasks."""
    if not all(TASK_MARK in item.attributes for item in element.blocks):
        for item in element.blocks:
            if box := item.attributes.pop(TASK_MARK, None):
                item.blocks[0].children.insert(0, Run(f"[{box}] ", {}))
        return
    element.tag = "taskList"
    for item in element.blocks:
        item.tag = "taskItem"
        item.attributes["checked"] = item.attributes.pop(TASK_MARK) != " "


TASK_MARK = "box"


def _take_text(stack: list[Element], token: Token) -> None:
    block, holder = stack[-1], stack[-2] if len(stack) > 1 else None
    tokens = token.children or []
    if holder is not None and holder.tag == "listItem" and holder.blocks[0] is block:
        box = TASK.match(token.content)
        if box:
            holder.attributes[TASK_MARK] = box.group(1)
            inline = _reader().parseInline(token.content[box.end() :], {})
            tokens = inline[0].children or []
    children = list(_inline(tokens))
    if block.tag in ("tableHeader", "tableCell"):
        block.children.append(Element("paragraph", {}, children))
        _split_at_pictures(block, block.blocks[0])
    else:
        block.children += children


def _inline(tokens: list[Token]) -> list[Element | Run]:
    children: list[Element | Run] = []
    marks: dict[str, Any] = {}
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in MARK_TOKENS:
            marks = _changed(marks, MARK_TOKENS[name], {} if token.nesting == 1 else None)
        elif name == "link":
            marks = _changed(marks, "link", _link(token) if token.nesting == 1 else None)
        elif token.type == "hardbreak":
            children.append(Element(HARD_BREAK))
        elif token.type == "image":
            children.append(_picture(token, marks))
        elif token.type == "code_inline":
            # In the editor code has no other mark; an address says more than a typeface.
            _append(children, Run(token.content, marks if "link" in marks else {"code": {}}))
        else:
            _append(children, Run(" " if token.type == "softbreak" else token.content, marks))
    return children


def _append(children: list[Element | Run], run: Run) -> None:
    last = children[-1] if children else None
    if isinstance(last, Run) and last.marks == run.marks:
        children[-1] = Run(last.text + run.text, run.marks)
    elif run.text:
        children.append(run)


def _changed(marks: dict[str, Any], name: str, value: dict[str, Any] | None) -> dict[str, Any]:
    others = {other: kept for other, kept in marks.items() if other != name}
    return others if value is None else {**others, name: value}


def _link(token: Token) -> dict[str, Any] | None:
    address = str(token.attrs.get("href", ""))
    if not address or not is_safe(address):
        return None
    title = token.attrs.get("title")
    return {"href": address, **LINK_ATTRIBUTES, **({"title": str(title)} if title else {})}


def _picture(token: Token, marks: dict[str, Any]) -> Element | Run:
    """Return a picture that lives in the document; of any other its words, or its address."""
    source = str(token.attrs.get("src", ""))
    if not is_picture(source):
        return Run(token.content or source, marks)
    attributes = {"src": source, "alt": token.content, "title": token.attrs.get("title")}
    return Element("image", {name: value for name, value in attributes.items() if value})


def _split_at_pictures(holder: Element, block: Element) -> None:
    """Give pictures blocks of their own, as the editor has them."""
    if not block.blocks:
        return
    holder.children.pop()
    part = Element(block.tag, block.attributes)
    for child in block.children:
        if isinstance(child, Element) and child.tag == "image":
            _append_part(holder, part)
            holder.children.append(child)
            part = Element(block.tag, block.attributes)
        else:
            part.children.append(child)
    _append_part(holder, part)


def _append_part(holder: Element, part: Element) -> None:
    if part.text.strip():
        holder.children.append(part)
