"""Edits the text in one block: letters that stay are not touched, and keep the marks that Markdown cannot say.

A block holds lines of text (Y.XmlText) between line breaks. Positions in the shared text are counted in UTF-8 bytes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pycrdt import XmlElement, XmlText

from apps.collaboration.content.tree import Element, runs_of
from apps.collaboration.projection import HARD_BREAK
from apps.collaboration.reading import Run

EXPRESSED = ("bold", "italic", "strike", "code", "link")
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
Line = list[Run]
Marks = Mapping[str, Any]  # name to attributes


@dataclass
class Stretch:
    """A line as it lies in the block: the texts it is made of, and the line break after it."""

    texts: list[XmlText]
    first: int  # the place of its first child
    children: int  # without the break


def edit_text(node: XmlElement, old: Sequence[Element | Run], new: Sequence[Element | Run]) -> None:
    """Make the text of `node`, which reads `old`, read `new`."""
    before, after = _lines(old), _lines(new)
    stretches = _stretches(node)
    if len(stretches) != len(before):  # breaks that are none of ours
        before = [[run for text in one.texts for run in runs_of(text)] for one in stretches]
    start = 0
    shortest = min(len(before), len(after))
    while start < shortest and before[start] == after[start]:
        start += 1
    end = 0
    while end < shortest - start and before[-1 - end] == after[-1 - end]:
        end += 1
    kept_old, kept_new = before[start : len(before) - end], after[start : len(after) - end]
    both = min(len(kept_old), len(kept_new))
    # From the last line to the first, so that places stay what they are.
    for place in range(start + len(kept_old) - 1, start + both - 1, -1):
        _remove_line(node, stretches, place)
    if start + both < len(stretches):
        for line in reversed(kept_new[both:]):
            _insert_line(node, stretches[start + both].first, line)
    else:
        for line in kept_new[both:]:
            _append_line(node, line)
    for place in range(start + both - 1, start - 1, -1):
        _edit_line(node, stretches[place], before[place], after[place])


def _lines(children: Sequence[Element | Run]) -> list[Line]:
    lines: list[Line] = [[]]
    for child in children:
        if isinstance(child, Run):
            lines[-1].append(child)
        elif child.tag == HARD_BREAK:
            lines.append([])
    return lines


def _stretches(node: XmlElement) -> list[Stretch]:
    stretches = [Stretch([], 0, 0)]
    for place, child in enumerate(node.children):
        if isinstance(child, XmlText):
            stretches[-1].texts.append(child)
            stretches[-1].children += 1
        else:
            stretches.append(Stretch([], place + 1, 0))
    return stretches


def _remove_line(node: XmlElement, stretches: Sequence[Stretch], place: int) -> None:
    """Remove a line together with the break before it; the first one with the break after it."""
    first = stretches[place].first - 1 if place else 0
    for _ in range(stretches[place].children + 1):
        del node.children[first]


def _insert_line(node: XmlElement, place: int, line: Line) -> None:
    """Insert a line and the break after it."""
    node.children.insert(place, XmlElement(HARD_BREAK))
    _write_line(node, place, line)


def _append_line(node: XmlElement, line: Line) -> None:
    node.children.append(XmlElement(HARD_BREAK))
    _write_line(node, len(node.children), line)


def _write_line(node: XmlElement, place: int, line: Line) -> None:
    if line:
        node.children.insert(place, XmlText(""))
        edit_runs(_text_at(node, place), [], line)


def _text_at(node: XmlElement, place: int) -> XmlText:
    text = node.children[place]
    assert isinstance(text, XmlText)
    return text


def _edit_line(node: XmlElement, stretch: Stretch, before: Line, after: Line) -> None:
    if before == after:
        return
    if not stretch.texts:
        node.children.insert(stretch.first, XmlText(""))
        stretch.texts.append(_text_at(node, stretch.first))
    if len(stretch.texts) > 1:  # of another writer's making: all goes into the first
        for _ in range(stretch.children - 1):
            del node.children[stretch.first + 1]
        text = stretch.texts[0]
        before = list(runs_of(text))
    edit_runs(stretch.texts[0], before, after)


def edit_runs(text: XmlText, before: Line, after: Line, *, exactly: bool = False) -> None:
    """Change `text`, which reads `before`, to `after`: what differs between the two, and no more.

    By what Markdown can say, or `exactly`: by all marks and all they hold.
    """
    old, new = "".join(run.text for run in before), "".join(run.text for run in after)
    old_marks, new_marks = list(_marks(before, exactly)), list(_marks(after, exactly))
    # From the end, so that places before it stay what they are.
    for kind, first, end, new_first, new_end in reversed(_changes(old, new)):
        start = len(old[:first].encode())
        if kind == "equal":
            _remark(text, old[first:end], start, old_marks[first:end], new_marks[new_first:new_end], exactly)
            continue
        if first < end:
            del text[start : start + len(old[first:end].encode())]
        at = start
        for part, marks in _runs(new[new_first:new_end], new_marks[new_first:new_end]):
            text.insert(at, part, marks)
            at += len(part.encode())


def _marks(line: Line, exactly: bool) -> Iterator[Marks]:
    """Yield for each letter the marks that count."""
    for run in line:
        marks = run.marks if exactly else {name: run.marks[name] for name in EXPRESSED if name in run.marks}
        for _ in run.text:
            yield marks


def _runs(text: str, marks: Sequence[Marks]) -> Iterator[tuple[str, Marks]]:
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or marks[place] != marks[start]:
            yield text[start:place], marks[start]
            start = place


def _remark(text: XmlText, letters: str, start: int, old: Sequence[Marks], new: Sequence[Marks], exactly: bool) -> None:
    pairs = [_difference(*pair, exactly) for pair in zip(old, new, strict=True)]
    at = start
    for part, change in _runs(letters, pairs):
        size = len(part.encode())
        if change:
            text.format(at, at + size, dict(change))
        at += size


def _difference(old: Marks, new: Marks, exactly: bool) -> Marks:
    same = _are_equal if exactly else _read_alike
    gone = {name: None for name in old if name not in new}
    return gone | {name: value for name, value in new.items() if name not in old or not same(name, old[name], value)}


def _are_equal(_name: str, old: Any, new: Any) -> bool:
    return bool(old == new)


def _read_alike(name: str, old: Any, new: Any) -> bool:
    if name != "link":
        return True
    return isinstance(old, dict) and all((old.get(part) or "") == (new.get(part) or "") for part in ("href", "title"))


def _changes(old: str, new: str) -> list[tuple[str, int, int, int, int]]:
    """Return what changes, word by word, in letters of both."""
    words, others = TOKEN.findall(old), TOKEN.findall(new)
    starts, other_starts = _starts(words), _starts(others)
    return [
        (kind, starts[first], starts[end], other_starts[new_first], other_starts[new_end])
        for kind, first, end, new_first, new_end in SequenceMatcher(None, words, others).get_opcodes()
    ]


def _starts(words: Sequence[str]) -> list[int]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts
