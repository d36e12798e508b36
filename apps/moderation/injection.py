"""Attempts to instruct the assistant against the people it works for: in a request, or hidden in a text it reads.

Few and precise: a text that speaks about such attempts is not one, so each pattern wants an order that is spoken to a
model, or something that no writer's text has.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.moderation.encoded import decodings
from apps.moderation.order_words import ADDRESSED, ORDERS
from apps.moderation.reading import Reading, reading, skeleton
from apps.moderation.words import Words

# Tags (U+E0000 and on) spell out ASCII that nobody sees; runs of invisible characters can carry bits, and so can runs
# of variation selectors, of which no character has more than one.
TAGS = re.compile("[\U000e0020-\U000e007e]{8,}")
FLAG_SEQUENCE = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
INVISIBLE = re.compile(
    "[\u200b\u2060-\u2064\ufeff\u180e]{24,}|[\u202a-\u202e\u2066-\u2069]{12,}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{6,}"
)
# One by one between the letters they carry bits too. In scripts without spaces, U+200B says where a line may break.
SCATTERED = re.compile("[\u200b\u2060-\u2064\ufeff\u180e]")
UNSEEN = re.compile("[\u180e\u200b\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")
SCATTERED_MIN = 24
SCATTERED_SHARE = 0.1
SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# An override turns letters round that have a direction of their own: what is read is not what is there.
OVERRIDDEN = re.compile(
    "\u202e[^\u202c\n]{0,3}[A-Za-z][^\u202c\n]{3,}|\u202d[^\u202c\n]{0,3}[\u0590-\u06ff][^\u202c\n]{3,}"
)

# A picture or link whose address is to be filled in with what the model has read, and what is to be sent somewhere.
EXFILTRATION = re.compile(
    r"\]\(https?://[^\s)]{1,300}[?&/=](?:\{\{?|\$\{|<|%7b)[^\s)]{1,80}"
    r"|(?:append|encode|include|insert|put|add) (?:[\w'-]+ ){1,10}(?:to|in|into|as) (?:the |this |a )*"
    r"(?:url|link|query string|query parameter|image (?:url|link|address))\b"
    r"|(?:send|post|forward|transmit|exfiltrate|upload|leak|e-?mail) (?:[\w'-]+ ){1,12}to "
    r"(?:https?://|www\.|[\w.+-]{1,64}@[\w-]+\.)"
)
EXFILTRATION_BEGINS = (
    *("](http", "append ", "encode ", "include ", "insert ", "put ", "add "),
    *("send ", "post ", "forward ", "transmit ", "exfiltrate ", "upload ", "leak ", "email ", "e-mail "),
)
EXFILTRATIONS = dict.fromkeys(EXFILTRATION_BEGINS, (EXFILTRATION,))
EXFILTRATION_WORDS = Words((begin, begin) for begin in EXFILTRATIONS)
ORDER_WORDS = Words((begin, begin) for begin in ORDERS)
QUOTES = frozenset("\"'`“”„«»‹›「『‘’‚*_")  # noqa: RUF001
NEAR_CHARACTERS = 300
EXCERPT_CHARACTERS = 80  # before and behind an order, for reviewers
TAGS_START = 0xE0000

# Letter by letter, and with digits for letters.
SPELT = re.compile(r"(?<!\w)(?:\w[\W_]{1,3}){7,}\w(?!\w)")
SPELT_ORDERS = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)(?:all|any|the|your|my|of|these|those){0,4}"
    r"(?:previous|prior|above|earlier|preceding|system)(?:instructions?|prompts?|directions|directives|rules|guidelines)"
)
BARE_VERBS = tuple(map(skeleton, ("ignore", "disregard", "forget", "override", "bypass")))  # else it is no order
NO_LETTERS = re.compile(r"[\W_]+")
DIGITS_IN_WORD = re.compile(r"[013457$@]+(?=[a-z])")
LEET = str.maketrans("013457$@", "oieastsa")


@dataclass(frozen=True)
class Order:
    """An order in a text, folded. `is_hidden`: it is spelt or encoded, as nobody does who only speaks about it."""

    text: str
    start: int
    end: int
    is_hidden: bool = False

    @property
    def excerpt(self) -> str:
        return self.text[max(0, self.start - EXCERPT_CHARACTERS) : self.end + EXCERPT_CHARACTERS]

    @property
    def is_quoted(self) -> bool:
        return self.text[: self.start].rstrip()[-1:] in QUOTES if self.start else False

    @property
    def is_addressed(self) -> bool:
        near = max(0, self.start - NEAR_CHARACTERS), self.end + NEAR_CHARACTERS
        return ADDRESSED.search(self.text, *near) is not None


def hidden_text(raw: str) -> str:
    """Return the text in `raw` that no reader can see, or what it is made of; empty where there is none."""
    if raw.isascii() or UNSEEN.search(raw) is None:
        return ""
    without_flags = FLAG_SEQUENCE.sub("", raw) if "\U000e007f" in raw else raw
    if tags := TAGS.search(without_flags):
        return "".join(chr(ord(tag) - TAGS_START) for tag in tags[0])
    if invisible := INVISIBLE.search(raw):
        return f"{len(invisible[0])} invisible characters"
    if overridden := OVERRIDDEN.search(raw):
        return f"turned round: {overridden[0][:EXCERPT_CHARACTERS]}"
    scattered = len(SCATTERED.findall(raw))
    if scattered >= SCATTERED_MIN and scattered >= SCATTERED_SHARE * len(raw) and not SPACELESS.search(raw):
        return f"{scattered} invisible characters"
    return ""


def direct_order(raw: str) -> str:
    """Return where an instruction to the assistant tries to undo the ones it has; empty where it does not."""
    return next((order.excerpt for order in _orders(reading(raw))), "")


def indirect_order(raw: str) -> str:
    """Return where a text for the assistant to read gives orders to it, or wants what it reads sent somewhere.

    Empty where it does neither. A text that quotes such an order only speaks about it, unless it speaks to a model.
    """
    read = reading(raw)
    for order in _orders(read):
        if order.is_hidden or not order.is_quoted or order.is_addressed:
            return order.excerpt
    for start, end in _found(EXFILTRATIONS, EXFILTRATION_WORDS, read.line):
        wish = Order(read.line, start, end)
        if wish.is_addressed:
            return wish.excerpt
    return ""


def seams(texts: Sequence[str]) -> list[str]:
    """Return where texts that follow upon each other meet: an order may be cut in two between them."""
    there = [text for text in texts if text.strip()]
    return [f"{one[-NEAR_CHARACTERS:]} {two[:NEAR_CHARACTERS]}" for one, two in pairwise(there)]


def _orders(raw: Reading) -> Iterator[Order]:
    """Yield the orders in `raw`, as a reader sees it."""
    yield from _plain_orders(raw.line)
    yield from _plain_orders(raw.other_line)
    if any(verb in raw.bare for verb in BARE_VERBS):
        yield from _disguised_orders(raw.line)
    for word in raw.encoded:
        for hidden in decodings(word):
            yield from _plain_orders(Reading(hidden).line, is_hidden=True)


def _disguised_orders(text: str) -> Iterator[Order]:
    for spelt in SPELT.finditer(text):
        if SPELT_ORDERS.search(NO_LETTERS.sub("", spelt[0]).translate(LEET)):
            yield Order(text, *spelt.span(), is_hidden=True)
    if (read := DIGITS_IN_WORD.sub(lambda digits: digits[0].translate(LEET), text)) != text:
        yield from _plain_orders(read, is_hidden=True)


def _plain_orders(text: str, *, is_hidden: bool = False) -> Iterator[Order]:
    for start, end in _found(ORDERS, ORDER_WORDS, text):
        yield Order(text, start, end, is_hidden)


def _found(
    patterns: Mapping[str, Sequence[re.Pattern[str]]], words: Words[str], text: str
) -> Iterator[tuple[int, int]]:
    """Yield where one of `patterns` is in `text`: wherever what it begins with stands, and begins a word.

    `words`: the beginnings. Searched for everywhere, one pattern takes 8 ms for a long request.
    """
    there = words.names_in(text)
    for begin in (begin for begin in patterns if begin in there):
        at = text.find(begin)
        while at >= 0:
            is_inside = at > 0 and begin[0].isalpha() and text[at - 1].isalpha() and text[at - 1].isascii()
            if not is_inside:
                yield from (found.span() for pattern in patterns[begin] if (found := pattern.match(text, at)))
            at = text.find(begin, at + 1)
