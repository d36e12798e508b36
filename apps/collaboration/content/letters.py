"""What a PDF file of ours cannot show as it was written, in words for people."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from apps.collaboration.content.parts import clean
from apps.collaboration.content.tree import Element
from apps.collaboration.reading import Run


class Place(Enum):
    """Where a character stands: each is set in fonts of its own."""

    TEXT = "text"
    CODE = "code"
    CODE_BLOCK = "code block"


Has = Callable[[str, Place], bool]  # whether a character can be set there

INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs", "Mn"})  # nothing, or a mark on a letter that is looked at itself
RIGHT_TO_LEFT = frozenset({"R", "AL"})  # Unicode's classes of such letters
LISTED_MAX = 5
OTHER_SIGNS = "some signs"
NAMES = {"CJK": "Chinese", "HANGUL": "Korean", "HIRAGANA": "Japanese", "KATAKANA": "Japanese"}


def shortcomings(blocks: Iterable[Element], has: Has) -> str:
    """Return a sentence on what shows otherwise than it was written; empty where all is well."""
    characters: defaultdict[Place, set[str]] = defaultdict(set)
    for text, place in _texts(blocks):
        characters[place].update(text)
    missing, turned = set(), set()
    for place, found in characters.items():
        for character in found:
            if unicodedata.category(character) in INVISIBLE:
                continue
            if not has(character, place):
                missing.add(_script(character))
            elif unicodedata.bidirectional(character) in RIGHT_TO_LEFT:
                turned.add(_script(character))
    parts = []
    if missing:
        parts.append(f"{_listed(missing)} as boxes")
    if turned:
        parts.append(f"{_listed(turned)} from left to right")
    if not parts:
        return ""
    return f"This file shows {' and '.join(parts)}. Saved as Word, the text is as it was written."


def _texts(blocks: Iterable[Element]) -> Iterator[tuple[str, Place]]:
    for block in blocks:
        for child in block.children:
            if isinstance(child, Run):
                code = Place.CODE if "code" in child.marks else Place.TEXT
                yield clean(child.text), Place.CODE_BLOCK if block.tag == "codeBlock" else code
            else:
                yield from _texts([child])


def _script(character: str) -> str:
    """Return what the letters are called that `character` belongs to."""
    if unicodedata.category(character)[0] not in "LMN":
        return OTHER_SIGNS
    word = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
    return NAMES.get(word, word.capitalize()) or OTHER_SIGNS


def _listed(names: set[str]) -> str:
    first = sorted(names, key=lambda name: (name == OTHER_SIGNS, name))
    shown = first if len(first) <= LISTED_MAX else [*first[:LISTED_MAX], f"{len(first) - LISTED_MAX} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
