"""Writes blocks as Markdown (CommonMark with GFM's tables, task lists and strikethrough).

What is written reads back as the same text: where marks cannot be said (bold that ends inside a word after a comma),
the block is written without them.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from apps.collaboration.content.parsing import parse
from apps.collaboration.content.tree import LOOSE_TEXT, Element
from apps.collaboration.projection import HARD_BREAK
from apps.collaboration.reading import Run

MARKS = ("link", "bold", "italic", "strike")  # the outer first where two reach as far; code is innermost
EXPRESSED = frozenset({*MARKS, "code"})
DELIMITERS = {"bold": "**", "italic": "*", "strike": "~~"}
BULLETS = ("-", "*")  # a list that follows another of its kind has the other one: else they would be one
NUMBERED = (".", ")")
ESCAPED = re.compile(r"[\\`*\[\]~]|<(?=\S)|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])")
AT_LINE_START = re.compile(r"(#{1,6}(?=\s|$)|>|[-+=|:](?=[\s\-=+|:]|$))")
NUMBER_AT_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
CLOSING_HASHES = re.compile(r"(^|(?<=\s))(#+)$")
RULE = "---"
RULE_IN_ITEM = "___"  # `- ---` would be one rule


def document_markdown(blocks: Sequence[Element]) -> str:
    """Return the whole text, with a line break at its end unless it is empty."""
    text = _joined(blocks)
    return f"{text}\n" if text else ""


def block_markdown(block: Element, *, marker: int = 0) -> str:
    """Return one block, without a line break at its end. `marker`: which of two a list has."""
    writer = WRITERS.get(block.tag)
    if writer is not None:
        return writer(block, marker)
    if block.blocks:  # an element of another version: what is in it
        return _joined(block.blocks)
    return text_markdown(block)


def text_markdown(block: Element, *, in_cell: bool = False) -> str:
    """Return the text in a block that holds text."""
    written = _text(block.children, in_cell)
    if any(not EXPRESSED.isdisjoint(run.marks) for run in block.children if isinstance(run, Run)):
        plain = [Run(child.text, {}) if isinstance(child, Run) else child for child in block.children]
        if not _reads_back(written, plain, in_cell):
            return _text(plain, in_cell)
    return written


def _reads_back(written: str, plain: Sequence[Element | Run], in_cell: bool) -> bool:
    blocks = parse(written)
    if not blocks:
        return not plain
    if len(blocks) != 1 or blocks[0].tag != "paragraph":
        return False
    unmarked = [Run(child.text, {}) if isinstance(child, Run) else child for child in blocks[0].children]
    return _text(unmarked, in_cell) == _text(plain, in_cell) and _text(blocks[0].children, in_cell) == written


def _joined(blocks: Sequence[Element]) -> str:
    parts: list[str] = []
    kind, marker = None, 0
    for block in blocks:
        if block.is_blank:
            continue
        same = _list_kind(block) is not None and _list_kind(block) == kind
        kind, marker = _list_kind(block), 1 - marker if same else 0
        parts.append(block_markdown(block, marker=marker))
    return "\n\n".join(parts)


def _list_kind(block: Element) -> str | None:
    return {"bulletList": "bullet", "taskList": "bullet", "orderedList": "number"}.get(block.tag)


# Text


def _text(children: Sequence[Element | Run], in_cell: bool) -> str:
    lines: list[list[Run]] = [[]]
    for child in children:
        if isinstance(child, Run):
            _append(lines[-1], child)
        elif child.tag == HARD_BREAK:
            lines.append([])
    written = [_line(line) for line in lines if line]  # Markdown has no empty lines within a paragraph
    return " ".join(written).replace("|", "\\|") if in_cell else "\\\n".join(written)


def _append(line: list[Run], run: Run) -> None:
    """Add a run; what Markdown cannot tell apart becomes one: an escape depends on the letters beside it."""
    marks = {name: value for name, value in run.marks.items() if name in EXPRESSED}
    if line and line[-1].marks == marks:
        line[-1] = Run(line[-1].text + run.text, marks)
    else:
        line.append(Run(run.text, marks))


def _line(runs: Sequence[Run]) -> str:
    text = _edges_kept(_marked(runs))
    text = AT_LINE_START.sub(r"\\\1", text, count=1) if AT_LINE_START.match(text) else text
    return NUMBER_AT_START.sub(r"\1\\\2", text, count=1) if NUMBER_AT_START.match(text) else text


def _edges_kept(text: str) -> str:
    """Write white space at both ends as entities, which are not trimmed."""
    core = text.strip()
    if not core:
        return _entities(text)
    start = text.index(core[0])
    end = start + len(core)
    return _entities(text[:start]) + core + _entities(text[end:])


def _entities(text: str) -> str:
    return "".join(f"&#{ord(one)};" for one in text)


def _marked(runs: Sequence[Run], done: frozenset[str] = frozenset()) -> str:
    """Return runs with their marks, of those that begin together the one that reaches furthest outside."""
    parts = []
    place = 0
    while place < len(runs):
        ends = {name: _end(runs, place, name) for name in MARKS if name not in done and _value(runs[place], name)}
        if not ends:
            parts.append(_run(runs[place]))
            place += 1
            continue
        name = max(ends, key=lambda one: ends[one])
        inner = _marked(runs[place : ends[name]], done | {name})
        parts.append(_wrapped(name, _value(runs[place], name), inner))
        place = ends[name]
    return "".join(parts)


def _end(runs: Sequence[Run], place: int, name: str) -> int:
    """Return where the mark ends that the run at `place` has."""
    value = _value(runs[place], name)
    return next((end for end in range(place + 1, len(runs)) if _value(runs[end], name) != value), len(runs))


def _value(run: Run, name: str) -> Any:
    """Return what a mark says in Markdown; None where the run does not have it."""
    if name not in run.marks:
        return None
    if name != "link":
        return True
    return link_of(run)


def link_of(run: Run) -> tuple[str, str] | None:
    """Return address and title of the link a run is in."""
    link = run.marks.get("link")
    address = link.get("href") if isinstance(link, dict) else None
    if not isinstance(address, str) or not address or set(address) & {"\n", "\r"}:
        return None
    return address, str(link.get("title") or "") if isinstance(link, dict) else ""


def _wrapped(name: str, value: Any, text: str) -> str:
    core = text.strip()
    if not core:
        return text
    start = text.index(core[0])
    before, after = text[:start], text[start + len(core) :]
    if name != "link":
        return f"{before}{DELIMITERS[name]}{core}{DELIMITERS[name]}{after}"
    return f"{before}[{core}]({_destination(*value)}){after}"


def _destination(address: str, title: str) -> str:
    if re.search(r"[\s<>()\\]", address):
        address = "<" + re.sub(r"([<>\\])", r"\\\1", address) + ">"
    address = re.sub(r"&(?=[#\w])", r"\\&", address)
    return f'{address} "{_title(title)}"' if title else address


def _title(title: str) -> str:
    return re.sub(r'(["\\]|&(?=[#\w]))', r"\\\1", " ".join(title.split()))


def _run(run: Run) -> str:
    if "code" in run.marks:
        return _code(run.text)
    escaped = ESCAPED.sub(lambda found: "\\" + found.group(), run.text)
    return re.sub(r"[\n\r]", lambda found: _entities(found.group()), escaped)


def _code(text: str) -> str:
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    is_padded = text.strip(" ") and (text[0] in " `" or text[-1] in " `")
    return f"{fence} {text} {fence}" if is_padded else f"{fence}{text}{fence}"


# Blocks


def _heading(block: Element, _: int) -> str:
    line = Element("heading", {}, [Run(" ", {}) if isinstance(one, Element) else one for one in block.children])
    text = CLOSING_HASHES.sub(r"\1\\\2", text_markdown(line))
    return f"{'#' * block.level} {text}".rstrip()


def _code_block(block: Element, _: int) -> str:
    text = block.text
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = str(block.attributes.get("language") or "")
    words = language if re.fullmatch(r"[\w+#.-]+", language) else ""
    return f"{fence}{words}\n{text}\n{fence}"


def _quote(block: Element, _: int) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _joined(block.blocks).split("\n"))


def _bullets(block: Element, marker: int) -> str:
    return _items(block, [f"{BULLETS[marker]} "] * len(block.blocks))


def _numbers(block: Element, marker: int) -> str:
    start = start_of(block)
    return _items(block, [f"{start + place}{NUMBERED[marker]} " for place in range(len(block.blocks))])


def start_of(block: Element) -> int:
    """Return the number that a numbered list begins with."""
    start = block.attributes.get("start")
    return int(start) if isinstance(start, int | float) and 0 <= start < 10**8 else 1


def _items(block: Element, markers: Sequence[str]) -> str:
    items = []
    for item, marker in zip(block.blocks, markers, strict=True):
        body = _item(item, 0)
        body = RULE_IN_ITEM + body.removeprefix(RULE) if body.split("\n", 1)[0] == RULE else body
        indent = " " * len(marker)
        lines = body.split("\n")
        items.append("\n".join([(marker + lines[0]).rstrip(), *(f"{indent}{line}".rstrip() for line in lines[1:])]))
    is_tight = all(_is_tight(item) for item in block.blocks)
    return ("\n" if is_tight else "\n\n").join(items)


def _is_tight(item: Element) -> bool:
    shown = [block for block in item.blocks if not block.is_blank]
    return all(
        _list_kind(block) is not None or (place == 0 and block.tag == "paragraph") for place, block in enumerate(shown)
    )


def _item(item: Element, _: int) -> str:
    body = _item_body(item)
    if item.tag != "taskItem":
        return body
    box = "[x]" if item.attributes.get("checked") in (True, "true") else "[ ]"
    begins_with_text = bool(item.blocks) and item.blocks[0].tag == "paragraph" and not item.blocks[0].is_blank
    return f"{box} {body}" if begins_with_text else f"{box}\n\n{body}".rstrip()


def _item_body(item: Element) -> str:
    body = _joined(item.blocks)
    shown = [block for block in item.blocks if not block.is_blank]
    if not _is_tight(item) or len(shown) != 2 or shown[0].tag != "paragraph":
        return body
    inner = block_markdown(shown[1])
    # Only these may follow a line of text at once.
    return f"{block_markdown(shown[0])}\n{inner}" if re.match(r"(-|1\.) \S", inner) else body


def _table(block: Element, _: int) -> str:
    rows = [[_cell(cell) for cell in row.blocks] for row in block.blocks]
    width = max((len(row) for row in rows), default=0)
    if not width:
        return ""
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    first, *others = [row_markdown(row) for row in padded]
    return "\n".join([first, row_markdown(["---"] * width), *others])


def row_markdown(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Element) -> str:
    return " ".join(part for part in _cell_texts(cell) if part)


def _cell_texts(element: Element) -> list[str]:
    if not element.blocks:
        return [text_markdown(element, in_cell=True)]
    return [text for block in element.blocks for text in _cell_texts(block)]


def _row(block: Element, _: int) -> str:
    return row_markdown(_cell(cell) for cell in block.blocks)


def _image(block: Element, _: int) -> str:
    source, title = str(block.attributes.get("src") or ""), str(block.attributes.get("title") or "")
    words = ESCAPED.sub(lambda found: "\\" + found.group(), " ".join(str(block.attributes.get("alt") or "").split()))
    return f"![{words}]({_destination(source, title)})"


def _cell_alone(block: Element, _: int) -> str:
    return _cell(block)


WRITERS: dict[str, Callable[[Element, int], str]] = {
    "heading": _heading,
    "codeBlock": _code_block,
    "blockquote": _quote,
    "bulletList": _bullets,
    "orderedList": _numbers,
    "taskList": _bullets,
    "listItem": _item,
    "taskItem": _item,
    "table": _table,
    "tableRow": _row,
    "tableHeader": _cell_alone,
    "tableCell": _cell_alone,
    "image": _image,
    "horizontalRule": lambda _block, _marker: RULE,
    LOOSE_TEXT: lambda block, _marker: text_markdown(block),
}
