"""Base64 and hexadecimal that hide what is looked for: one word of letters and digits that no language has."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from apps.moderation.detection import OPEN, Match, Open

RUN = re.compile(r"[A-Za-z0-9+/_\-]+={0,2}")
# Where a word stops being one: small and then large, letters beside digits.
MIXED = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z]|[a-z]=")
NOT_OF_RUN = re.compile(r"[^A-Za-z0-9+/_\-]")
HEX = re.compile(r"[0-9a-fA-F]+")
ENCODED_MIN_CHARACTERS = 20
LONG_RUN = re.compile(rf"[A-Za-z0-9+/_\-]{{{ENCODED_MIN_CHARACTERS},}}={{0,2}}")
ENCODED_MAX_CHARACTERS = 4_000  # of one that is waited for
PRINTABLE_SHARE = 0.9
ALIGNMENTS = 4

Holds = Callable[[str], Match | None]


def next_encoded(text: str, start: int, final: bool, holds: Holds) -> tuple[int, Match | Open] | None:
    """Return the first word that stands at or behind `start`, or goes on there, and hides something.

    `holds`: returns what a decoded text has of what is looked for.
    """
    at = max(0, start - 2)
    while (mixed := MIXED.search(text, at)) is not None:
        begin = _begin(text, mixed.start())
        run = RUN.match(text, begin)
        assert run is not None
        if run.end() > start:
            touches = run.end() == len(text) and not final
            if touches and len(run[0]) <= ENCODED_MAX_CHARACTERS:
                return max(start, begin), OPEN
            hidden = (
                next(filter(None, map(holds, decodings(run[0]))), None)
                if len(run[0]) >= ENCODED_MIN_CHARACTERS
                else None
            )
            if hidden is not None:
                return max(start, begin), Match(run.end(), "encoded", hidden.rule, goes_on=RUN)
        at = max(run.end(), mixed.end())
    return None


def encoded_words(text: str) -> Iterator[str]:
    """Yield the words of a whole text that may hide something."""
    for word in text.split():  # no white space is in any; most words are too short for one
        if len(word) >= ENCODED_MIN_CHARACTERS:
            yield from (run[0] for run in LONG_RUN.finditer(word) if MIXED.search(run[0]))


def _begin(text: str, at: int) -> int:
    while at > 0 and not NOT_OF_RUN.match(text, at - 1):
        at -= 1
    return at


def decodings(word: str) -> list[str]:
    """Return the readable texts that `word` may be the encoding of."""
    found = []
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    for skipped in range(ALIGNMENTS):
        part = plain[skipped:]
        found.append(_base64(part[: len(part) - (len(part) % 4 == 1)]))
    if HEX.fullmatch(word) and len(word) % 2 == 0:
        found.append(bytes.fromhex(word))
    return [text for data in found if (text := _readable(data))]


def _base64(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return b""


def _readable(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    readable = sum((character.isprintable() and character != "\ufffd") or character in "\r\n\t" for character in text)
    return text if text and readable >= PRINTABLE_SHARE * len(text) else ""
