"""Terms as patterns that also find them disguised: digits for letters, marks or gaps between them.

Patterns are matched against folded text (`folding`), so look-alikes, accents and the invisible need nothing here.
"""

import logging
import re
from collections.abc import Callable, Mapping, Set
from functools import cache, partial
from re import _constants, _parser  # type: ignore[attr-defined,unused-ignore]  # tells of a pattern what it begins with
from typing import Any

import regex

from apps.moderation.detection import Detector, Look, Match, Open
from apps.moderation.folding import fold_text

logger = logging.getLogger(__name__)

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
GIVEN_UP_MAX = 3  # times that one is passed over before this process looks for it no more
RANGE_MAX = 64
NUMBER = regex.compile(r"[\d\s._*'~/·•-]+")  # 455 reads as a word only to who looks for it
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
    """Return what looks for terms, by the numbers of their rules: those that begin alike are looked for together.

    One pattern of a thousand terms takes 500 µs for each word of a text, so the first letters choose among many.
    """
    by_start: dict[str, dict[int, str]] = {}
    for rule, term in terms.items():
        by_start.setdefault(_start(fold_text(term).lower(), 0)[0], {})[rule] = term
    if not by_start:
        return []
    numbers = {rule for rule, term in terms.items() if any(letter.isdigit() for letter in term)}
    looks = {start: _look_for_terms(some, numbers) for start, some in by_start.items()}
    begins = "".join(sorted(set("".join(map(beginnings, terms.values())))))
    return [Detector("term", begins, partial(_look_by_start, looks))]


def _look_for_terms(terms: Mapping[int, str], numbers: Set[int]) -> Look:
    """Return what looks for `terms`. Of them only `numbers`, which have a digit, are found where a number stands."""
    ordered = sorted(terms.items(), key=lambda item: item[0] not in numbers)
    pattern = compiled("|".join(f"(?P<{_name(rule)}>{term_pattern(term)})" for rule, term in ordered))
    return look_for(
        pattern, "term", fits=lambda found: _number(found.lastgroup) in numbers or not NUMBER.fullmatch(found[0])
    )


def _look_by_start(looks: Mapping[str, Look], text: str, at: int, final: bool) -> Match | Open | None:
    start, to_the_end = _start(text, at)
    is_open = False
    for length in range(1, len(start) + 1):
        if (look := looks.get(start[:length])) is not None:
            found = look(text, at, final)
            if isinstance(found, Match):
                return found
            is_open = is_open or found is not None
    if not is_open and to_the_end and not final:
        is_open = any(key.startswith(start) for key in looks)
    return Open(at) if is_open else None


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


def look_for(pattern: Any, kind: str, rule: int | None = None, *, fits: Callable[[Any], bool] = lambda _: True) -> Look:
    """Return what looks for `pattern`. Groups named as `_name` does say which rule of several found it.

    `fits`: says whether what was found is meant.
    """
    given_up = 0

    def look(text: str, at: int, final: bool) -> Match | Open | None:
        nonlocal given_up
        if given_up >= GIVEN_UP_MAX:
            return None
        try:
            found = pattern.match(text, at, timeout=PATTERN_SECONDS)
            if found is not None and found.end() > at and (final or found.end() < len(text)):
                if not fits(found):
                    return None
                return Match(found.end(), kind, rule if rule is not None else _number(found.lastgroup))
            if final or len(text) - at > PATTERN_MAX_CHARACTERS:
                return None
            return Open(at) if found or pattern.match(text, at, partial=True, timeout=PATTERN_SECONDS) else None
        except TimeoutError:
            given_up += 1
            logger.error("moderation.rule_too_slow", extra={"rule": rule, "is_off": given_up >= GIVEN_UP_MAX})
            return None

    return look


def _name(rule: int) -> str:
    return f"r{rule}" if rule >= 0 else f"s{-rule}"


def _number(name: str | None) -> int:
    assert name is not None
    return int(name[1:]) if name[0] == "r" else -int(name[1:])


def pattern_detectors(patterns: Mapping[int, str]) -> list[Detector]:
    """Return what looks for administrators' patterns, by the numbers of their rules."""
    return [
        Detector("pattern", first_characters(pattern), look_for(compiled(pattern), "pattern", rule))
        for rule, pattern in patterns.items()
    ]


def first_characters(pattern: str) -> str:
    """Return the characters that a pattern may begin with where it begins at a word's boundary; empty: any, anywhere.

    A pattern that is looked at only where words begin so costs a tenth.
    """
    try:
        parsed = list(_parser.parse(pattern))
    except (re.error, OverflowError, RecursionError):
        return ""
    if not parsed or parsed[0] != (_constants.AT, _constants.AT_BOUNDARY):
        return ""
    codes = _first_codes(parsed[1:])
    letters = {one for code in codes or () for one in (chr(code).lower(), chr(code).upper()) if len(one) == 1}
    if not letters or not all(one.isascii() and one.isalnum() for one in letters):
        return ""
    return "".join(sorted(letters))


def _first_codes(parsed: Any) -> set[int] | None:
    """Return the codes of the characters that what was parsed may begin with; None where they are not known."""
    first: Any = parsed[0] if len(parsed) else (None, ())
    operator, argument = first
    if operator is _constants.LITERAL:
        return {argument}
    if operator is _constants.SUBPATTERN and not (argument[1] or argument[2]):
        return _first_codes(argument[3])
    if operator is _constants.BRANCH:
        found = [_first_codes(part) or set() for part in argument[1]]
        return set().union(*found) if all(found) else None
    if operator is _constants.MAX_REPEAT and argument[0] > 0:
        return _first_codes(argument[2])
    if operator is _constants.IN:
        return _codes_in(argument)
    return None


def _codes_in(members: Any) -> set[int] | None:
    codes: set[int] = set()
    for operator, argument in members:
        if operator is _constants.LITERAL:
            codes.add(argument)
        elif operator is _constants.RANGE and argument[1] - argument[0] < RANGE_MAX:
            codes.update(range(argument[0], argument[1] + 1))
        elif operator is _constants.CATEGORY and argument is _constants.CATEGORY_DIGIT:
            codes.update(map(ord, "0123456789"))
        else:
            return None
    return codes
