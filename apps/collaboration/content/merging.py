"""Makes the shared text say what a changed Markdown says, with as small an edit as will do.

Blocks that did not change are not touched: they keep their identity, what Markdown cannot say of them (underlining,
where text comes from), and the cursors in them. In a block that changed, the letters that stay are not touched either.
"""

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Any

from pycrdt import XmlElement, XmlFragment

from apps.collaboration.content.alignment import ALIGNED_MAX, COMPARED_CHARACTERS, Pairing, align
from apps.collaboration.content.markdown import block_markdown
from apps.collaboration.content.text_edits import edit_text
from apps.collaboration.content.tree import LOOSE_TEXT, Element
from apps.collaboration.projection import HARD_BREAK
from apps.collaboration.reading import Run

ALIKE = 0.5  # of their letters two blocks have to share, to count as one that was changed
ITEMS = ("listItem", "taskItem")
SAME_ROLE = {"tableHeader": "tableCell", "taskItem": "taskItem"}
EXPRESSED_ATTRIBUTES = {
    "heading": ("level",),
    "codeBlock": ("language",),
    "orderedList": ("start",),
    "taskItem": ("checked",),
    "image": ("src", "alt", "title"),
}


def merge_blocks(
    parent: XmlFragment | XmlElement,
    old: Sequence[Element],
    new: Sequence[Element],
    parse_block: Callable[[Element], Element | None],
) -> None:
    """Turn the blocks `old` of `parent` into `new`. `parse_block`: a block as it reads in its own Markdown."""
    Merge(parse_block).blocks(parent, old, new)


class Merge:
    """One edit."""

    def __init__(self, parse_block: Callable[[Element], Element | None]) -> None:
        self._parse_block = parse_block

    def blocks(self, parent: XmlFragment | XmlElement, old: Sequence[Element], new: Sequence[Element]) -> None:
        """Work from the end, so that what stands before keeps its place. Blank paragraphs stay where they are."""
        if isinstance(parent, XmlElement) and parent.tag in ITEMS and new and not new[0].is_blank:
            old = _without_blank_beginning(parent, old, new)
        places = [place for place, block in enumerate(old) if not block.is_blank]
        shown = [old[place] for place in places]
        if not shown and new and old and new[0].tag == "paragraph":
            self._fill(parent, old, new)
            return
        matcher = SequenceMatcher(None, [block_markdown(one) for one in shown], [block_markdown(one) for one in new])
        for kind, first, end, new_first, new_end in reversed(matcher.get_opcodes()):
            if kind != "equal":
                self._replace(parent, old, places, (first, end), new[new_first:new_end])

    def _fill(self, parent: XmlFragment | XmlElement, old: Sequence[Element], new: Sequence[Element]) -> None:
        """Write into the blank paragraph that a new document begins with."""
        for place, block in enumerate(new[1:], 1):
            parent.children.insert(place, _element(block))
            _fill_in(parent.children[place], block)
        self._text(old[0], new[0])

    def _replace(
        self,
        parent: XmlFragment | XmlElement,
        old: Sequence[Element],
        places: Sequence[int],
        span: tuple[int, int],
        new: Sequence[Element],
    ) -> None:
        first, end = span
        before = [old[places[index]] for index in range(first, end)]
        # What is new goes behind what stood before it, and not behind blank lines after that.
        at = places[end - 1] + 1 if end else 0
        for old_index, new_index in reversed(_aligned(before, new)):
            if old_index is None and new_index is not None:
                parent.children.insert(at, _element(new[new_index]))
                _fill_in(parent.children[at], new[new_index])
            elif old_index is not None:
                at = places[first + old_index]
                if new_index is None:
                    del parent.children[at]
                else:
                    self._change(before[old_index], new[new_index])

    def _change(self, old: Element, new: Element) -> None:
        node = old.node
        assert isinstance(node, XmlElement)
        for name in EXPRESSED_ATTRIBUTES.get(old.tag, ()):
            _set(node, name, new.attributes.get(name), old.attributes.get(name))
        if old.holds_text:
            self._text(old, new)
        else:
            self.blocks(node, [child for child in old.children if isinstance(child, Element)], new.blocks)

    def _text(self, old: Element, new: Element) -> None:
        assert isinstance(old.node, XmlElement)
        shown = self._parse_block(old) or old
        edit_text(old.node, shown.children if shown.text == old.text else old.children, new.children)


def _without_blank_beginning(parent: XmlElement, old: Sequence[Element], new: Sequence[Element]) -> Sequence[Element]:
    """Remove the blank paragraphs that an item began with, where it now begins with text."""
    blank = next((place for place, block in enumerate(old) if not block.is_blank), 0)
    if new[0].tag != "paragraph":
        return old
    for _ in range(blank):
        del parent.children[0]
    return old[blank:]


def _role(block: Element) -> str:
    return SAME_ROLE.get(block.tag, block.tag)


def _may_become(old: Element, new: Element) -> bool:
    return (
        _role(old) == _role(new)
        and old.tag != LOOSE_TEXT
        and not old.is_flattened
        and (old.holds_text == new.holds_text)
    )


def _aligned(old: Sequence[Element], new: Sequence[Element]) -> Pairing:
    """Return which old block becomes which new one."""
    if len(old) == len(new) and all(_may_become(*pair) for pair in zip(old, new, strict=True)):
        return [(place, place) for place in range(len(old))]
    if len(old) * len(new) > ALIGNED_MAX:
        return [*((place, None) for place in range(len(old))), *((None, place) for place in range(len(new)))]
    return align(old, new, _likeness)


def _likeness(old: Element, new: Element) -> float:
    if not _may_become(old, new):
        return 0.0
    if not old.holds_text:
        return 1.0
    ratio = SequenceMatcher(None, old.text[:COMPARED_CHARACTERS], new.text[:COMPARED_CHARACTERS]).quick_ratio()
    return ratio if ratio >= ALIKE else 0.0


# Building


def _element(block: Element) -> XmlElement:
    attributes: dict[str, Any] = {name: value for name, value in block.attributes.items() if value is not None}
    return XmlElement(block.tag, attributes)


def _fill_in(node: Any, block: Element) -> None:
    """Write what `block` holds into its new element."""
    if block.holds_text:
        edit_text(node, [], block.children)
        return
    for place, child in enumerate(block.children):
        if isinstance(child, Run) or child.tag == HARD_BREAK:
            continue
        node.children.append(_element(child))
        _fill_in(node.children[place], child)


def _set(node: XmlElement, name: str, value: Any, was: Any) -> None:
    if value == was:
        return
    if value is None:
        if was is not None:
            del node.attributes[name]
    else:
        node.attributes[name] = value
