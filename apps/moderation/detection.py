"""What is looked for in a text that is still being written: something is there, not there, or may yet become it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Open:
    """More text is needed to tell.

    `shown`: what stands before it may be shown whatever comes: it is a head that tells nothing secret.
    """

    shown: int


@dataclass(frozen=True)
class Match:
    """Something that was looked for, up to `end`.

    `kind`: `secret`, `card`, `account`, `email`, `phone`, `term`, `pattern` or `encoded`. `rule`: the id of the rule
    that found it. `goes_on`: characters that belong to it as long as they follow. `shown`: where its head ends, which
    may be shown; it has none where that is not behind its begin.
    """

    end: int
    kind: str
    rule: int | None = None
    goes_on: re.Pattern[str] | None = None
    shown: int = 0


Found = tuple[int, Match | Open]
"""What was found, with where it begins."""

Look = Callable[[str, int, bool], Match | Open | None]
"""Looks at `text` from a position where something may begin; the last argument says that no more text comes."""


@dataclass(frozen=True)
class Detector:
    """One thing to look for. `begins`: the characters it may begin with, empty for any."""

    kind: str
    begins: str
    look: Look


def hidden_from(found: Found) -> int:
    """Return from where on what was found may not be shown."""
    return max(found[0], found[1].shown)


def earlier(first: Found | None, other: Found | None) -> Found | None:
    """Return what two looks at one text come to: what begins first; of two that begin together, `first`.

    Of its head only so much is shown as the other leaves, so that nothing is hidden in a head.
    """
    if first is None or other is None:
        return first or other
    if other[0] < first[0]:
        first, other = other, first
    at, what = first
    hidden = hidden_from(other)
    if hidden >= hidden_from(first):
        return first
    if isinstance(what, Match) and isinstance(other[1], Match):
        return at, replace(what, shown=hidden, end=max(what.end, other[1].end))
    return at, Open(hidden)
