"""What is looked for in a text that is still being written: something is there, not there, or may yet become it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Open(Enum):
    """The only value that says: more text is needed to tell."""

    OPEN = "open"


OPEN: Final = Open.OPEN


@dataclass(frozen=True)
class Match:
    """Something that was looked for, up to `end`.

    `kind`: `secret`, `card`, `account`, `email`, `phone`, `term`, `pattern` or `encoded`. `rule`: the id of the rule
    that found it. `goes_on`: characters that belong to it as long as they follow.
    """

    end: int
    kind: str
    rule: int | None = None
    goes_on: re.Pattern[str] | None = None


Look = Callable[[str, int, bool], Match | Open | None]
"""Looks at `text` from a position where something may begin; the last argument says that no more text comes."""


@dataclass(frozen=True)
class Detector:
    """One thing to look for. `begins`: the characters it may begin with, empty for any."""

    kind: str
    begins: str
    look: Look
