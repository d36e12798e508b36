"""What a model was given and its readers can read anyway: giving a number of it back tells nobody anything new."""

import re
from collections.abc import Iterator
from functools import partial
from urllib.parse import unquote_plus

from apps.assistant.context import Recalled, Talk
from apps.assistant.messages import GenerationInput
from apps.moderation.encoded import decodings, encoded_words
from apps.moderation.folding import fold_text

GAP = r"[^\w@]{0,2}"  # as people group the digits of a number
SHARED_CHARACTERS = 18  # letters and digits in a row that two texts do not have in common by chance
STEP = 4  # each place costs a search
NO_SIGNS = re.compile(r"[\W_]+")


class Given:
    """Says of a number or an address whether it stands in the request, the document or the conversation.

    Everybody who reads the answer may read the document, and a conversation's answers are seen by whom it is seen.
    What somebody keeps for themself beside it, their own house style, does not count.
    """

    def __init__(self, request: GenerationInput, recalled: Recalled | None = None, talk: Talk | None = None) -> None:
        self._texts = partial(_texts, request, recalled or Recalled(), talk or Talk())
        self._folded: str | None = None
        self._squeezed: str | None = None

    def __call__(self, found: str) -> bool:
        return stands_in(found, self._whole)

    def carries(self, data: str) -> bool:
        """Say whether a part of an address has so much of the text in it, also encoded, that it takes it along.

        An address that stands in the text as it is does not: whoever wrote it knew no more.
        """
        if fold_text(data).lower() in self._whole:
            return False
        if self._squeezed is None:
            self._squeezed = _squeezed(self._whole)
        return any(_shares(_squeezed(fold_text(one).lower()), self._squeezed) for one in _readings(data))

    @property
    def _whole(self) -> str:
        if self._folded is None:
            self._folded = fold_text("\n".join(self._texts())).lower()
        return self._folded


def _readings(data: str) -> Iterator[str]:
    plain = unquote_plus(data)
    yield plain
    for word in encoded_words(plain):
        yield from decodings(word)


def _squeezed(text: str) -> str:
    return NO_SIGNS.sub("", text)


def _shares(data: str, text: str) -> bool:
    """Say whether SHARED_CHARACTERS of `data`, or a few more, stand together in `text`."""
    last = len(data) - SHARED_CHARACTERS
    return any(data[at : at + SHARED_CHARACTERS] in text for at in range(0, last + 1, STEP))


def stands_in(found: str, folded: str) -> bool:
    """Say whether `found` stands in a text, folded and in small letters, as a whole and however it is grouped there."""
    wanted = fold_text(found).lower().strip()
    if "@" in wanted:
        pattern = rf"(?<![\w.%+-]){re.escape(wanted)}(?![\w-]|\.\w)"
    else:
        pattern = rf"(?<!\w){GAP.join(sign for sign in wanted if sign.isalnum())}(?!\w)"
    return bool(wanted) and re.search(pattern, folded) is not None


def _texts(request: GenerationInput, recalled: Recalled, talk: Talk) -> Iterator[str]:
    for text in (request.selection, request.text_before, request.text_after, request.instruction):
        yield text or ""
    for turn in request.messages or ():
        if turn.role == "user":
            yield turn.content
    yield from (recalled.text, recalled.outline, recalled.sheet)
    yield from (talk.title, talk.text, talk.about, talk.summary)
    for exchange in talk.history:
        yield from (exchange.question, exchange.answer)
