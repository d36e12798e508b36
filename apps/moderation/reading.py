"""A text with the ways in which it is read, each worked out once however many look at it."""

from functools import cached_property

from apps.moderation.encoded import encoded_words
from apps.moderation.folding import fold_both
from apps.moderation.terms import ALIKE, MARKS

# Letters that are written alike made one, and what may stand between the letters of a disguised term dropped.
SKELETON = {
    **ALIKE,
    **dict.fromkeys(MARKS | set("\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"), ""),
}
# As bytes a tenth of the time is needed; what is no ASCII is rare.
PLAIN_LETTERS = bytes(ord(SKELETON.get(chr(code)) or chr(code)) for code in range(0x80)) + bytes(range(0x80, 0x100))
PLAIN_MARKS = "".join(sign for sign, letter in SKELETON.items() if sign.isascii() and not letter).encode()
OTHER_SIGNS = {sign: letter for sign, letter in SKELETON.items() if not sign.isascii()}


class Reading(str):
    """The text itself, as it came, and what is made of it."""

    @cached_property
    def _folded_both(self) -> tuple[str, str | None]:
        return fold_both(self)

    @property
    def folded(self) -> str:
        """As a reader sees it."""
        return self._folded_both[0]

    @cached_property
    def line(self) -> str:
        """As a reader sees it, in small letters and on one line."""
        return _line(self.folded)

    @cached_property
    def other_line(self) -> str:
        """The same, read as if its large letters were small ones; empty where that makes no difference."""
        return _line(self._folded_both[1] or "")

    @cached_property
    def small(self) -> str:
        """As a reader sees it, without a difference between small and large letters."""
        return self.folded.casefold()

    @cached_property
    def bare(self) -> str:
        """Without what terms are disguised by."""
        bare = self.small.encode().translate(PLAIN_LETTERS, PLAIN_MARKS).decode()
        if not bare.isascii():
            for sign, letter in OTHER_SIGNS.items():
                bare = bare.replace(sign, letter)
        return bare

    @cached_property
    def encoded(self) -> tuple[str, ...]:
        """The words in it that may hide something."""
        return tuple(encoded_words(self))


def _line(folded: str) -> str:
    return " ".join(folded.lower().split())


def reading(raw: str) -> Reading:
    """Return `raw` as a Reading; one that is one already keeps what it knows."""
    return raw if isinstance(raw, Reading) else Reading(raw)


def skeleton(raw: str) -> str:
    """Return a text without what terms are disguised by."""
    return reading(raw).bare
