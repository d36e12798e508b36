"""Text as a reader sees it: look-alikes folded to plain letters, the invisible dropped, with the way back.

Rules and shapes are looked for in the folded text; what is cut out is cut out of the text as it came.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

# Letters of other scripts that a reader takes for Latin ones (Unicode's confusables, the common ones only).
LOOK_ALIKES = dict(
    zip(
        "аАвВсСеЕһНіІјЈкКмМоОрРԛѕЅтТԝхХуУѵԁɡɩıΑαΒΕΖΗΙιΚκΜΝνΟοΡρΤΥυΧχՕօսոɑ∕⁄‐‑‒–—−﹣－ꞌ",  # noqa: RUF001
        "aABBcCeEhHiIjJkKmMoOpPqsStTwxXyYvdgiiAaBEZHIiKkMNvOoPpTYuXxOouna//--------'",
        strict=True,
    )
)
INVISIBLE_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols by category, and nothing to be seen
KEPT_CONTROLS = "\t\n\r"
CONTROL = re.compile(r"[^\t\n\r\x20-\x7e]")
NOT_PLAIN = re.compile(CONTROL.pattern + "+")
CASED_END = 0x2000  # of the letters that look like others' and have small ones
FEW = 8  # one strange letter in so many is looked for; of more, all letters are looked up, which takes 30 ns for each


class _Folds(dict[int, str]):
    """What each character folds to; worked out once."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


def _fold(character: str) -> str:
    if character in KEPT_CONTROLS:
        return character
    if character in INVISIBLE_LETTERS:
        return ""
    if character in LOOK_ALIKES:
        return LOOK_ALIKES[character]
    kept = []
    for part in unicodedata.normalize("NFKD", character):
        digit = unicodedata.decimal(part, None)
        if digit is not None:
            kept.append(str(digit))
        elif unicodedata.category(part) not in ("Cf", "Cc", "Mn", "Me", "Cs"):
            kept.append(LOOK_ALIKES.get(part, part))
    return "".join(kept)


_folds = _Folds()


@dataclass(frozen=True)
class Folded:
    """`text` folded. `offsets`: where each of its characters stands in `raw`; None where they are the same."""

    raw: str
    text: str
    offsets: list[int] | None

    def raw_start(self, at: int) -> int:
        """Return where in `raw` the folded position `at` begins."""
        if self.offsets is None:
            return at
        return self.offsets[at] if at < len(self.offsets) else len(self.raw)

    def raw_end(self, at: int) -> int:
        """Return where in `raw` what ends at the folded position `at` ends."""
        if self.offsets is None:
            return at
        return self.offsets[at - 1] + 1 if at else 0

    def folded(self, raw: int) -> int:
        """Return the first folded position that stands at `raw` or behind it."""
        return raw if self.offsets is None else bisect_left(self.offsets, raw)


def fold(raw: str) -> Folded:
    """Return `raw` folded. Plain ASCII, the common case, is only looked at."""
    if _is_plain(raw):
        return Folded(raw, raw, None)
    parts: list[str] = []
    offsets: list[int] = []
    for at, character in enumerate(raw):
        folded = _folds[ord(character)]
        parts.append(folded)
        if len(folded) == 1:
            offsets.append(at)
        else:
            offsets += [at] * len(folded)
    return Folded(raw, "".join(parts), offsets)


def fold_text(raw: str) -> str:
    """Return `raw` folded, without the way back."""
    return _translated(raw, _folds)


def fold_both(raw: str) -> tuple[str, str | None]:
    """Return `raw` folded; and as if its large letters were small ones, where that reads otherwise, else None.

    A Cyrillic \u041d looks like an H, and a small \u043d like nothing else. Which of the two is meant nobody knows.
    """
    folded = _translated(raw, _other_folds)
    there = [letter for letter in TWO_FACED if letter in folded] if not folded.isascii() else []
    if not there:
        return folded, None
    small = folded
    for letter in there:
        folded = folded.replace(letter, _folds[ord(letter)])
        small = small.replace(letter, fold_text(letter.lower()))
    return folded, small


def _is_plain(raw: str) -> bool:
    return raw.isascii() and CONTROL.search(raw) is None


def _translated(raw: str, folds: _Folds) -> str:
    if _is_plain(raw):
        return raw
    strange = len(raw.encode("utf-8", "surrogatepass")) - len(raw)
    if strange * FEW > len(raw):
        return raw.translate(folds)
    return NOT_PLAIN.sub(lambda run: run[0].translate(folds), raw)


def _two_faced() -> Iterator[str]:
    for letter in map(chr, range(0x80, CASED_END)):
        small = letter.lower()
        if small != letter and fold_text(small).lower() != _fold(letter).lower():
            yield letter


TWO_FACED = tuple(_two_faced())
_other_folds = _Folds({ord(letter): letter for letter in TWO_FACED})
