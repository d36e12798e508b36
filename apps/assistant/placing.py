"""Finds the words a model quoted in the text it read: letter by letter, else with quotes and spaces taken alike.

Models copy well and count badly, so a quotation is all that is asked of them. Positions are code points here.
"""

import unicodedata
from collections.abc import Iterator

from apps.assistant.seam import is_spaceless

Span = tuple[int, int]

ALIKE = {
    **dict.fromkeys("‘’‛′`´", "'"),  # noqa: RUF001
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—−", "-"),  # noqa: RUF001
    "…": "...",
}
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
JOINING = "\u200d\ufe0e\ufe0f"  # what stands before one of these is not a character of its own


class Plain:
    """A text with quotes, dashes, spaces and accents written one way, without what is invisible.

    Its character `n` comes from `text[starts[n]:ends[n]]` of the original.
    """

    def __init__(self, text: str) -> None:
        self._characters: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._length = len(text)
        at = 0
        while at < len(text):
            at = self._take(text, at)
        self.text = "".join(self._characters)

    def _take(self, text: str, start: int) -> int:
        """Take in what stands at `start`; return where it ends."""
        character, end = text[start], start + 1
        if character.isspace() and character != "\n":
            while end < len(text) and text[end].isspace() and text[end] != "\n":
                end += 1
            self._add(" ", start, end)
        elif character in ALIKE:
            self._add(ALIKE[character], start, end)
        elif character not in INVISIBLE:
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
            self._add(unicodedata.normalize("NFC", text[start:end]), start, end)
        return end

    def _add(self, characters: str, start: int, end: int) -> None:
        self._characters += characters
        self._starts += [start] * len(characters)
        self._ends += [end] * len(characters)

    def span(self, first: int, after: int) -> Span | None:
        """Return where characters `first` to `after` come from; None where one of them comes out of a whole of more."""
        begins = first in (0, len(self.text)) or self._starts[first] != self._starts[first - 1]
        ends = after in (0, len(self.text)) or self._ends[after - 1] != self._ends[after]
        if not begins or not ends:
            return None
        start = self._starts[first] if first < len(self.text) else self._length
        return start, max(start, self._ends[after - 1] if after else 0)

    def spans_of(self, words: str) -> Iterator[Span]:
        """Yield where `words` stand in the original text; nothing that begins or ends inside one of its characters."""
        for first, after in occurrences(self.text, words):
            if span := self.span(first, after):
                yield span


def occurrences(text: str, words: str) -> Iterator[Span]:
    """Yield every place of `words` in `text`, also those that overlap each other."""
    at = text.find(words) if words else -1
    while at >= 0:
        yield at, at + len(words)
        at = text.find(words, at + 1)


class Places:
    """A text in which quotations are looked up."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._plain: Plain | None = None

    def candidates(self, quotation: str, context: str, *, after: int) -> list[Span]:
        """Return where `quotation` may be meant, the likeliest first.

        What stands in `context` is meant, where that is found; else what comes next behind `after`; else the first.
        """
        spans = [span for span in self._spans(quotation) if self._is_whole(span)]
        around = list(self._spans(context)) if context else []
        inside = [span for span in spans if any(start <= span[0] and span[1] <= end for start, end in around)]
        return sorted(inside or spans, key=lambda span: (span[0] < after, span))

    def _spans(self, words: str) -> Iterator[Span]:
        found = list(occurrences(self.text, words))
        if found:
            return iter(found)
        if self._plain is None:
            self._plain = Plain(self.text)
        return self._plain.spans_of(Plain(words).text)

    def _is_whole(self, span: Span) -> bool:
        """Say whether `span` begins and ends between two words, and cuts no character in two."""
        start, end = span
        if end < len(self.text) and (self.text[end] in JOINING or unicodedata.combining(self.text[end])):
            return False
        return not self._cuts_word(start) and not self._cuts_word(end)

    def _cuts_word(self, at: int) -> bool:
        if not 0 < at < len(self.text):
            return False
        before, following = self.text[at - 1], self.text[at]
        if is_spaceless(before) or is_spaceless(following):
            return False
        return before.isalnum() and following.isalnum()


def utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def code_points(text: str, units: int) -> int:
    """Return how many code points of `text` take `units` UTF-16 code units."""
    return len(text.encode("utf-16-le")[: units * 2].decode("utf-16-le"))
