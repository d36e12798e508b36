"""Terms as patterns that also find them disguised: digits for letters, marks or gaps between them.

Patterns are matched against folded text (`folding`), so look-alikes, accents and the invisible need nothing here.
"""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import regex

from apps.moderation.detection import OPEN, Detector, Look, Match, Open
from apps.moderation.folding import fold_text

# What stands for a letter in "leet" writing.
LEET = {
    **{"a": "a4@", "b": "b8", "e": "e3€", "g": "g9", "h": "h", "i": "i1!|l", "l": "l1|i", "o": "o0", "s": "s5$"},
    **{"t": "t7+", "z": "z2"},
}
ALIKE = {
    other: others[0] for others in ("a4@", "b8", "e3€", "g9", "iIlL1!|", "o0", "s5$", "t7+", "z2") for other in others
}
ALIKE |= {letter.upper(): letter for letter in "abegostz"}
START_LETTERS = 3
MARKS = frozenset(" \t\r\n._*'~^`/·•-")
TIGHT = r"[._*'~^`·•-]?"
GAP = r"[\s._*'~/·•-]{1,2}"
SPACED_MIN_LETTERS = 4  # shorter ones would be found in initials
SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
BEGIN = r"(?<![\p{L}\p{N}_])"
END = r"(?![\p{L}\p{N}_])"
TERM_MAX_CHARACTERS = 200
PATTERN_MAX_CHARACTERS = 400  # of what an administrator's pattern may match
PATTERN_SECONDS = 0.05  # for one look; a pattern that takes longer is passed over
FLAGS = regex.IGNORECASE | regex.VERSION1


@cache
def _is_spaceless(letter: str) -> bool:
    return bool(regex.match(f"[{SPACELESS}]", letter))


def check_term(term: str) -> None:
    """Raises ValueError, with a reason for people, for a term that cannot be looked for."""
    if not any(letter.isalnum() for letter in fold_text(term)):
        raise ValueError("A term has at least one letter or digit.")


def term_pattern(term: str) -> str:
    """Return the pattern of a term, at word boundaries; one word in it may also be spelt with gaps."""
    words = fold_text(term).lower().split()
    tight = [TIGHT.join(_letter(letter) for letter in word) for word in words]
    pattern = r"[\s._-]{1,3}".join(tight)
    if len(words) == 1 and len(words[0]) >= SPACED_MIN_LETTERS and words[0].isalpha():
        pattern = f"(?:{pattern}|{GAP.join(_letter(letter) for letter in words[0])})"
    begin = "" if _is_spaceless(words[0][0]) or not words[0][0].isalnum() else BEGIN
    end = "" if _is_spaceless(words[-1][-1]) or not words[-1][-1].isalnum() else END
    return begin + pattern + end


def beginnings(term: str) -> str:
    """Return the characters a term may begin with."""
    first = fold_text(term).lower()[0]
    return "".join(dict.fromkeys(one for letter in LEET.get(first, first) for one in (letter, letter.upper())))


def _letter(letter: str) -> str:
    others = LEET.get(letter, letter)
    return regex.escape(letter) if len(others) == 1 else "[" + "".join(map(regex.escape, others)) + "]"


def compiled(pattern: str) -> Any:
    """Return `pattern` compiled. Raises regex.error."""
    return regex.compile(pattern, FLAGS)


def term_detectors(terms: Mapping[int, str]) -> list[Detector]:
    """Return what looks for terms, by the ids of their rules: those that begin alike are looked for together.

    One pattern of a thousand terms takes 500 µs for each word of a text, so the first letters choose among many.
    """
    by_start: dict[str, dict[int, str]] = {}
    for rule, term in terms.items():
        by_start.setdefault(_start(fold_text(term).lower(), 0)[0], {})[rule] = term
    if not by_start:
        return []
    looks = {
        start: look_for(compiled("|".join(f"(?P<r{rule}>{term_pattern(term)})" for rule, term in some.items())), "term")
        for start, some in by_start.items()
    }
    begins = "".join(sorted(set("".join(map(beginnings, terms.values())))))
    return [Detector("term", begins, partial(_look_by_start, looks))]


def _look_by_start(looks: Mapping[str, Look], text: str, at: int, final: bool) -> Match | Open | None:
    start, to_the_end = _start(text, at)
    is_open = False
    for length in range(1, len(start) + 1):
        if (look := looks.get(start[:length])) is not None:
            found = look(text, at, final)
            if isinstance(found, Match):
                return found
            is_open = is_open or found is OPEN
    if not is_open and to_the_end and not final:
        is_open = any(key.startswith(start) for key in looks)
    return OPEN if is_open else None


def _start(text: str, at: int) -> tuple[str, bool]:
    """Return the first letters from `at` on, alike those that are written alike; whether there are no more yet."""
    start = ""
    for place in range(at, min(len(text), at + START_LETTERS * 4)):
        letter = ALIKE.get(text[place], text[place])
        if letter in MARKS:
            continue
        start += letter.lower()
        if len(start) == START_LETTERS:
            return start, False
    return start, True


def look_for(pattern: Any, kind: str, rule: int | None = None) -> Look:
    """Return what looks for `pattern`. Groups named `r<id>` say which rule of several found it."""

    def look(text: str, at: int, final: bool) -> Match | Open | None:
        try:
            found = pattern.match(text, at, timeout=PATTERN_SECONDS)
            if found is not None and found.end() > at and (final or found.end() < len(text)):
                named = rule if rule is not None else int((found.lastgroup or "r0")[1:])
                return Match(found.end(), kind, named)
            if final or len(text) - at > PATTERN_MAX_CHARACTERS:
                return None
            return OPEN if found or pattern.match(text, at, partial=True, timeout=PATTERN_SECONDS) else None
        except TimeoutError:
            return None

    return look
