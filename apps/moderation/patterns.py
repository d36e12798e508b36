"""Administrators' patterns, checked when they are saved: what cannot be matched in bounded time is refused.

Python's `regex` backtracks. A search that takes too long is given up at run time too (`terms.look_for`); a pattern that
would be given up often finds nothing, so its author is told.
"""

import re
import time
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined,unused-ignore]  # the parser of `re`, which tells of repeats
from typing import Any

import regex

from apps.moderation.terms import FLAGS, PATTERN_MAX_CHARACTERS, PATTERN_SECONDS

UNBOUNDED = 10  # repetitions from which on a repeat in a repeat is taken for unbounded
PROBE_CHARACTERS = (30, 2_000)
PROBES_MAX = 60
PROBES_SECONDS = 1.0
FILLERS = ("a", "A", "1", " ", "-", ".", "_", "@", "é")

EMPTY = "This matches nothing at all, which is everywhere. Say at least one character."
NESTED = (
    "In this a repetition stands in a repetition, like (a+)+, which can take for ever. Make one of them possessive "
    "((?:a++)+), or give it a small limit ({1,5})."
)
SLOW = "This takes too long on some texts. Give its repetitions limits, like {1,40}."


class UnsafePattern(Exception):
    """A pattern that is not taken; the message says what to change."""


def check_pattern(pattern: str) -> None:
    """Raises UnsafePattern."""
    try:
        compiled = regex.compile(pattern, FLAGS)
    except regex.error as error:
        raise UnsafePattern(f"This is not a regular expression: {error}.") from None
    if not pattern.strip() or compiled.match("") is not None:
        raise UnsafePattern(EMPTY)
    if _has_nested_repeats(pattern):
        raise UnsafePattern(NESTED)
    _probe(compiled, pattern)


def _has_nested_repeats(pattern: str) -> bool:
    """Say whether a repeat without a limit stands in another. What only `regex` understands is left to the probes."""
    try:
        parsed = _parser.parse(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        return False
    return _nested(parsed, inside=False)


def _nested(parsed: Any, *, inside: bool) -> bool:
    for operator, argument in parsed:
        repeats = operator in (_constants.MAX_REPEAT, _constants.MIN_REPEAT) and argument[1] > UNBOUNDED
        if repeats and inside:
            return True
        if any(_nested(part, inside=inside or repeats) for part in _parts(operator, argument)):
            return True
    return False


def _parts(operator: Any, argument: Any) -> Iterator[Any]:
    """Yield the patterns in an operator. A possessive one does not go back, so what is in it counts for itself."""
    name = str(operator)
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        yield argument[2]
    elif name == "SUBPATTERN":
        yield argument[3]
    elif name == "BRANCH":
        yield from argument[1]
    elif name in ("ASSERT", "ASSERT_NOT"):
        yield argument[1]
    elif name == "GROUPREF_EXISTS":
        yield from (part for part in argument[1:] if part is not None)


def _probe(compiled: Any, pattern: str) -> None:
    """Match texts that make a pattern go back as far as it can: something of its own, again and again, and no end."""
    literal = re.sub(r"\\[a-zA-Z]|[^\w\s@.:/-]", "", pattern)
    own = [*dict.fromkeys((*literal, *(literal[at : at + 2] for at in range(len(literal) - 1))))]
    started = time.monotonic()
    for filler in [*FILLERS, literal, *own][:PROBES_MAX]:
        if not filler:
            continue
        for length in PROBE_CHARACTERS:
            # What the pattern asks for stands behind: the engine gives up at once on a text that lacks it.
            text = literal + filler * (length // len(filler)) + "\0" + literal
            if _is_slow(compiled, text, 0) or _is_slow(compiled, text, len(literal)):
                raise UnsafePattern(SLOW)
        if time.monotonic() - started > PROBES_SECONDS:
            raise UnsafePattern(SLOW)


def _is_slow(compiled: Any, text: str, start: int) -> bool:
    try:
        compiled.match(text, start, timeout=PATTERN_SECONDS)
        compiled.match(text[start : start + PATTERN_MAX_CHARACTERS], partial=True, timeout=PATTERN_SECONDS)
    except TimeoutError:
        return True
    return False
