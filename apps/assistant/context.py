"""What a prompt is made of, and how the text around the cursor is fitted into a token budget."""

import re
from dataclasses import dataclass, field

from apps.assistant.edits import Respected
from apps.assistant.messages.client import GenerationInput

BYTES_PER_TOKEN = 3  # of UTF-8; English has 4 and more, so that the budget is kept in any language
BEFORE_SHARE = 0.75  # what stands before the cursor says more about what comes next
CUT_SEARCH_SHARE = 0.2  # of the budget may be given up for a better place to cut

# The best places to begin a text after, best first: a paragraph, a sentence, a word.
BOUNDARIES = (re.compile(r"\n+"), re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|(?<=[。！？])"), re.compile(r"\s+"))  # noqa: RUF001


@dataclass(frozen=True)
class Memory:
    """What is known beside the text at hand; empty where nothing is. `words`: the dictionary, one a line."""

    style: str = ""
    words: str = ""
    outline: str = ""
    summary: str = ""
    sheet: str = ""


@dataclass(frozen=True)
class Recalled:
    """What is known for one generation. `language`: declared by the document, else by the person; may be empty.

    `outline` and `text` are the document's, as it was some seconds ago. `sheet`: of a story, one entry a line.
    """

    outline: str = ""
    text: str = ""
    style: str = ""
    words: tuple[str, ...] = ()
    sheet: str = ""
    language: str = ""
    respected: Respected = field(default_factory=Respected)


@dataclass(frozen=True)
class Exchange:
    """A question that was asked before, with its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Talk:
    """A conversation up to its last question, which is the request's. `history` follows upon `summary`.

    `text`: the document, where the request has none around a cursor. `about`: the answer the question refers to.
    """

    title: str = ""
    text: str = ""
    about: str = ""
    summary: str = ""
    history: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class Brief:
    """Everything a prompt may use. `before` and `after` are fitted; `written`: what a generator that died wrote."""

    request: GenerationInput
    before: str = ""
    after: str = ""
    language: str = ""
    memory: Memory = Memory()
    talk: Talk = Talk()
    written: str = ""

    @property
    def selection(self) -> str:
        return self.request.selection or ""

    @property
    def instruction(self) -> str:
        return self.request.instruction or ""


@dataclass(frozen=True)
class Surroundings:
    """What stands before and after the cursor."""

    before: str
    after: str


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: its UTF-8 bytes by BYTES_PER_TOKEN, rounded up."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def fit(before: str, after: str, *, tokens: int) -> Surroundings:
    """Return the parts nearest to the cursor that fit into `tokens` together."""
    if estimate_tokens(before) + estimate_tokens(after) <= tokens:
        return Surroundings(before, after)
    after_tokens = min(estimate_tokens(after), max(int(tokens * (1 - BEFORE_SHARE)), tokens - estimate_tokens(before)))
    return Surroundings(last_tokens(before, tokens - after_tokens), first_tokens(after, after_tokens))


def last_tokens(text: str, tokens: int) -> str:
    """Return the end of `text` that fits, beginning at a natural boundary near the cut where there is one."""
    if estimate_tokens(text) <= tokens:
        return text
    kept = text.encode()[-tokens * BYTES_PER_TOKEN :].decode(errors="ignore") if tokens > 0 else ""
    reach = int(len(kept) * CUT_SEARCH_SHARE)
    for boundary in BOUNDARIES:
        found = boundary.search(kept, 0, reach)
        if found:
            return kept[found.end() :]
    return kept


def first_tokens(text: str, tokens: int) -> str:
    """Return the beginning of `text` that fits, ending at a natural boundary near the cut where there is one."""
    if estimate_tokens(text) <= tokens:
        return text
    kept = text.encode()[: max(0, tokens) * BYTES_PER_TOKEN].decode(errors="ignore")
    start = len(kept) - int(len(kept) * CUT_SEARCH_SHARE)
    for boundary in BOUNDARIES:
        ends = [found.start() for found in boundary.finditer(kept, start)]
        if ends:
            return kept[: ends[-1]]
    return kept
