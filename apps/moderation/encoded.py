"""Base64 and hexadecimal that hide what is looked for: one word of letters and digits that no language has.

What such a word says is looked at as the text itself is: group by group as it comes, from each sign on that a group
may begin with. So of it only that is held back, or cut out, which says what may yet be something, but for at most three
of its signs; what stands before passes. Short terms stand in pictures by chance: where one is found in what is no text,
it waits for how much of the word is text.
"""

import base64
import binascii
import re
import string
from codecs import utf_8_decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.moderation.detection import Found, Match, Open, earlier, hidden_from
from apps.moderation.folding import fold

RUN = re.compile(r"[A-Za-z0-9+/_\-]+={0,2}")
REST = re.compile(r"[A-Za-z0-9+/_\-=]*")  # of a word that something was found in
# Where a word stops being one: small and then large, letters beside digits, or more digits than a date has.
MIXED = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z]|[a-z]=|\d{12}")
UNMIXED_MAX_CHARACTERS = 40  # of a word; fewer than are known of the text before
LIKELY = re.compile(rf"{MIXED.pattern}|[A-Za-z0-9+/_\-]{{{UNMIXED_MAX_CHARACTERS}}}")
SIGNS = string.ascii_letters + string.digits + "+/_-"
HEX = re.compile(r"[0-9a-fA-F]+")
ENCODED_MIN_CHARACTERS = 20
ENCODED_MAX_CHARACTERS = 4_000  # of a word, to each side of a short term: how much of them is text
LONG_RUN = re.compile(rf"[A-Za-z0-9+/_\-]{{{ENCODED_MIN_CHARACTERS},}}={{0,2}}")
HEX_MIN_CHARACTERS = 6  # a shorter part of a word is not taken for hexadecimal
UNDECIDED_CHARACTERS = 12  # at the end: of a group, and of a letter in up to four bytes
KNOWN_CHARACTERS = 128  # of a word, before what is looked at: more than READABLE letters are
PRINTABLE_SHARE = 0.9
ALIGNMENTS = 4
BASE64_GROUP, HEX_GROUP = (4, 3), (2, 1)  # signs, and the bytes they are
STANDARD = str.maketrans("-_", "+/")
SHORT = 8  # characters: bytes that say nothing have so short a thing in them by chance, so that
READABLE = 15  # around it have to be text, but for
UNREADABLE_MAX = 1  # or else PRINTABLE_SHARE of the word
BROKEN = re.compile("[\udc80-\udcff]")
REPLACED = "\ufffd"

Look = Callable[[str, int, bool], Found | None]


@dataclass(frozen=True)
class Hidden:
    """`data`: what a part of a word says, from `begin` in the text on. `group`: signs, and the bytes they are.

    `shown`: where the word does not look like one yet. `word`: the word in the text. `is_over`: no more comes.
    """

    data: bytes
    begin: int
    group: tuple[int, int]
    shown: int
    word: re.Match[str]
    is_over: bool

    def place(self, byte: int) -> int:
        """Return where the first sign of a byte stands in the text."""
        signs, size = self.group
        return self.begin + byte * signs // size

    def told(self, byte: int) -> int:
        """Return where the sign stands with which a byte is known: the last of its group."""
        signs, size = self.group
        return self.begin + byte // size * signs + signs - 1

    def byte(self, place: int) -> int:
        """Return the first byte that begins at `place` in the text or behind it."""
        signs, size = self.group
        return max(0, -(-(place - self.begin) * size // signs))


def next_encoded(text: str, start: int, final: bool, look: Look) -> Found | None:
    """Return the first that is hidden, or may be, in words at or behind `start`, or in one that goes on there.

    `look`: as Lookout.next looks at a decoded text, for what is not only flagged.
    """
    found: Found | None = None
    at = begin_of_word(text, start)
    while (likely := LIKELY.search(text, at)) is not None:
        run = RUN.match(text, begin_of_word(text, likely.start()))
        assert run is not None
        if run.end() > start:
            found = earlier(found, _in_word(text, run, start, final, look))
            if found is not None and hidden_from(found) < run.end():
                return found
        at = run.end()
    last = begin_of_word(text, len(text))
    if final or last < at or last == len(text):
        return found
    return earlier(found, (max(start, last), Open(len(text))))  # it may become one


def _in_word(text: str, run: re.Match[str], start: int, final: bool, look: Look) -> Found | None:
    begin, end = run.span()
    touches = end == len(text) and not final
    mixed = MIXED.search(text, begin, end)
    shown = begin + UNMIXED_MAX_CHARACTERS - 1
    if mixed is not None:
        shown = min(shown, mixed.end() - 1)
    found: Found | None = None
    if touches or end - begin >= ENCODED_MIN_CHARACTERS:
        near = max(begin, start - KNOWN_CHARACTERS)
        for hidden in _readings(run, near, shown, not touches):
            found = earlier(found, _in_reading(hidden, start, look))
    return earlier(found, (max(start, end - UNDECIDED_CHARACTERS), Open(end)) if touches else None)


def _readings(word: re.Match[str], begin: int, shown: int, is_over: bool) -> Iterator[Hidden]:
    """Yield what the word says from `begin` in the text on, from each sign that a group may begin with."""
    signs = word.string[begin : word.end()].rstrip("=")
    for skipped in range(ALIGNMENTS):
        part = signs[skipped:]
        rest = len(part) % 4 if not is_over else 0
        yield Hidden(_base64(part[: len(part) - rest]), begin + skipped, BASE64_GROUP, shown, word, is_over)
    for digits in HEX.finditer(signs):
        if len(digits[0]) >= HEX_MIN_CHARACTERS:
            first = begin + digits.start()
            least = max(shown, first + HEX_MIN_CHARACTERS - 1)
            ends = is_over or digits.end() < len(signs)
            for skipped in range(2):
                yield Hidden(_hex(digits[0][skipped:]), first + skipped, HEX_GROUP, least, word, ends)


def _in_reading(hidden: Hidden, start: int, look: Look) -> Found | None:
    first = hidden.byte(start)
    if first >= len(hidden.data):
        return None
    decoded, _ = utf_8_decode(hidden.data, "surrogateescape", hidden.is_over)
    before, _ = utf_8_decode(hidden.data[:first], "surrogateescape", False)
    folded = fold(BROKEN.sub(REPLACED, decoded))

    def byte(at: int) -> int:
        return len(decoded[: folded.raw_start(at)].encode("utf-8", "surrogateescape"))

    at, end = folded.folded(len(before)), hidden.word.end()
    while (found := look(folded.text, at, hidden.is_over)) is not None:
        at, what = found
        begin = max(start, hidden.place(byte(at)))
        is_known = _is_known(folded.text, found, hidden, begin)
        if is_known is False:
            at += 1
            continue
        head = hidden_from(found)
        shown = min(max(hidden.told(byte(head + 1) - 1), hidden.shown), end) if head < len(folded.text) else end
        if is_known and isinstance(what, Match):
            return begin, Match(end, "encoded", what.rule, goes_on=REST, shown=shown)
        return begin, Open(shown)
    return None


def _is_known(text: str, found: Found, hidden: Hidden, place: int) -> bool | None:
    """Say whether what was found in a decoded text is meant, and no chance; None: more is needed to tell.

    `place`: where it stands in the text that the word is in.
    """
    at, what = found
    if isinstance(what, Open):
        return None
    if len(hidden.word[0]) < ENCODED_MIN_CHARACTERS:
        return False if hidden.is_over else None
    if what.end - at >= SHORT:
        return True
    if what.end < READABLE and len(text) < READABLE and not hidden.is_over:
        return None
    around = text[max(0, what.end - READABLE) : max(what.end, READABLE)]
    return around.count(REPLACED) <= UNREADABLE_MAX or _is_text(hidden, place)


def _is_text(hidden: Hidden, place: int) -> bool | None:
    """Say whether the word is text around `place`; None: more is needed to tell."""
    first, last = hidden.word.span()
    if not hidden.is_over and last < place + ENCODED_MAX_CHARACTERS:
        return None
    signs, _ = hidden.group
    before = (hidden.begin - max(first, place - ENCODED_MAX_CHARACTERS)) // signs * signs
    part = hidden.word.string[hidden.begin - before : min(last, place + ENCODED_MAX_CHARACTERS)].rstrip("=")
    return bool(_readable(_base64(part) if hidden.group == BASE64_GROUP else _hex(part)))


def encoded_words(text: str) -> Iterator[str]:
    """Yield the words of a whole text that may hide something."""
    for word in text.split():  # no white space is in any; most words are too short for one
        if len(word) >= ENCODED_MIN_CHARACTERS:
            yield from (run[0] for run in LONG_RUN.finditer(word) if LIKELY.search(run[0]))


def begin_of_word(text: str, at: int) -> int:
    """Return where the word begins that `at` stands in or behind, as far back as is looked."""
    first = max(0, at - ENCODED_MAX_CHARACTERS)
    return first + len(text[first:at].rstrip(SIGNS))


def decodings(word: str) -> list[str]:
    """Return the readable texts that `word` may be the encoding of."""
    plain = word.rstrip("=")
    data = [_base64(plain[skipped:]) for skipped in range(ALIGNMENTS)]
    if HEX.fullmatch(word) and len(word) % 2 == 0:
        data.append(_hex(word))
    return [text for one in data if (text := _readable(one))]


def all_decodings(word: str) -> list[str]:
    """Return the texts that parts of `word` may be the encoding of, readable or not."""
    run = RUN.match(word)
    return [hidden.data.decode("utf-8", "replace") for hidden in _readings(run, 0, 0, True)] if run else []


def _base64(signs: str) -> bytes:
    plain = signs.translate(STANDARD)
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return b""


def _hex(digits: str) -> bytes:
    return bytes.fromhex(digits[: len(digits) - len(digits) % 2]) if HEX.fullmatch(digits) else b""


def _readable(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    readable = sum((character.isprintable() and character != "\ufffd") or character in "\r\n\t" for character in text)
    return text if text and readable >= PRINTABLE_SHARE * len(text) else ""
