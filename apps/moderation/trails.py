"""Tells, while an address is being written, whether its query, fragment or path takes along what a model has read.

A run of letters and digits that also stands in what was read is carried away in the address, plainly, percent-encoded,
as base64 or as hexadecimal. So many as texts may have in common by chance pass at once; more are waited for, until
they are enough to be no chance, or something else follows.
"""

import base64
import codecs
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from apps.moderation.folding import fold_text

SHARED = 18  # letters and digits in a row that two texts do not have in common by chance
UNSURE = 13  # from this one on they are held back
KNOWN_MAX_CHARACTERS = 2_000  # of an address that stands in what was read as it is
BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
STANDARD = str.maketrans("-_", "+/")
HEX = frozenset("0123456789abcdefABCDEF")
GROUP = 4  # base64 signs that are three bytes
REPLACED = "\ufffd"


class Source(Protocol):
    """What was read. `whole`: folded, in small letters. `squeezed`: of that, only the letters and digits."""

    @property
    def whole(self) -> str: ...

    @property
    def squeezed(self) -> str: ...


class Run:
    """The last letters and digits of one way to read an address, each with where its last sign stands."""

    def __init__(self, squeezed: str) -> None:
        self._squeezed = squeezed
        self._letters: deque[str] = deque(maxlen=SHARED)
        self._places: deque[int] = deque(maxlen=SHARED)
        self.unsure: int | None = None  # where the first of them stands that is waited for
        self.is_shared = False

    def take(self, sign: str, place: int) -> None:
        for letter in fold_text(sign).lower():
            if letter.isalnum():
                self._take_letter(letter, place)

    def _take_letter(self, letter: str, place: int) -> None:
        if self.is_shared:
            return
        self._letters.append(letter)
        self._places.append(place)
        length = self._length()
        self.unsure = self._places[UNSURE - 1 - length] if length >= UNSURE else None
        self.is_shared = length == SHARED

    def _length(self) -> int:
        """Return how many of the last letters stand together in what was read; 0 for fewer than UNSURE."""
        letters, length = "".join(self._letters), UNSURE
        if len(letters) < UNSURE or letters[-UNSURE:] not in self._squeezed:
            return 0
        while length < len(letters) and letters[-length - 1 :] in self._squeezed:
            length += 1
        return length

    def break_off(self) -> None:
        self._letters.clear()
        self._places.clear()
        if not self.is_shared:
            self.unsure = None


class Bytes:
    """Text in bytes that come one by one; what is no text breaks it off."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def take(self, data: bytes, place: int) -> None:
        for sign in self._decoder.decode(data):
            if sign == REPLACED or not (sign.isprintable() or sign.isspace()):
                self.run.break_off()
            else:
                self.run.take(sign, place)

    def end(self) -> None:
        self._decoder.reset()
        self.run.break_off()


class Encoded:
    """One alignment of signs that may encode text: base64 in groups of four, hexadecimal in pairs."""

    def __init__(self, run: Run, alphabet: frozenset[str], size: int, skipped: int) -> None:
        self._bytes = Bytes(run)
        self._alphabet = alphabet
        self._size = size
        self._skipped = skipped
        self._group = ""
        self._count = 0

    @property
    def run(self) -> Run:
        return self._bytes.run

    def take(self, sign: str, place: int) -> None:
        if sign not in self._alphabet:
            self._group, self._count = "", 0
            self._bytes.end()
            return
        self._count += 1
        if self._count <= self._skipped:
            return
        self._group += sign
        if len(self._group) == self._size:
            self._bytes.take(_decoded(self._group), place)
            self._group = ""


def _decoded(group: str) -> bytes:
    return base64.b64decode(group.translate(STANDARD)) if len(group) == GROUP else bytes.fromhex(group)


class Trail:
    """Takes the data of one address in pieces of any size and gives what may be shown of it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: str | None = ""  # what came so far, while it stands in what was read as it is
        self._held = ""
        self._taken = 0  # signs that came, and
        self._passed = 0  # those that were passed on
        self._percent = ""
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._plain = Run(source.squeezed)
        encoded = [(BASE64, GROUP, skipped) for skipped in range(GROUP)] + [(HEX, 2, skipped) for skipped in range(2)]
        self._encoded: Sequence[Encoded] = [Encoded(Run(source.squeezed), *one) for one in encoded]
        self.is_shared = False

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def feed(self, data: str) -> str:
        """Return what of it may be shown by now; nothing more when it `is_shared`."""
        for at, sign in enumerate(data):
            if self.is_shared:
                return self._pass(data[:at])
            if not self._is_known(sign):
                self._take(sign, self._taken)
            self._taken += 1
        return self._pass(data)

    def close(self) -> str:
        """Return what is left: the address ends here."""
        if self.is_shared:
            return ""
        held, self._held = self._held, ""
        self._passed += len(held)
        return held

    def _is_known(self, sign: str) -> bool:
        if self._known is None:
            return False
        self._known += sign
        if len(self._known) <= KNOWN_MAX_CHARACTERS and fold_text(self._known).lower() in self._source.whole:
            return True
        self._known = None
        return False

    def _pass(self, data: str) -> str:
        came = self._held + data
        unsure = [run.unsure for run in self._runs() if run.unsure is not None]
        until = max(min([*unsure, self._passed + len(came)]) - self._passed, 0)
        self._held = "" if self.is_shared else came[until:]
        self._passed += until
        return came[:until]

    def _runs(self) -> list[Run]:
        runs = [self._plain, *(one.run for one in self._encoded)]
        return [run for run in runs if run.is_shared] if self.is_shared else runs

    def _take(self, sign: str, place: int) -> None:
        if not self._percent and sign != "%":
            self._utf8.reset()
            self._take_sign(sign, place)
        elif self._percent and sign not in HEX:
            cut, self._percent = self._percent, ""
            self._utf8.reset()
            for one in cut:
                self._take_sign(one, place)
            self._take(sign, place)
        else:
            self._percent += sign
            if len(self._percent) == len("%00"):
                byte, self._percent = bytes.fromhex(self._percent[1:]), ""
                for one in self._utf8.decode(byte):
                    self._take_sign(one, place)

    def _take_sign(self, sign: str, place: int) -> None:
        self._plain.take(sign, place)
        for one in self._encoded:
            one.take(sign, place)
        self.is_shared = any(run.is_shared for run in (self._plain, *(one.run for one in self._encoded)))
