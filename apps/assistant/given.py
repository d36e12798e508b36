"""What a model was given and its readers can read anyway: giving a number of it back tells nobody anything new."""

import re
from collections.abc import Iterator
from functools import partial

from apps.assistant.context import Recalled, Talk
from apps.assistant.messages.client import GenerationInput
from apps.moderation.folding import fold_text

GAP = r"[^\w@]{0,2}"  # as people group the digits of a number
NO_SIGNS = re.compile(r"[\W_]+")


class Given:
    """Says of a number or an address whether it stands in the request, the document or the conversation.

    Everybody who reads the answer may read the document, and a conversation's answers are seen by whom it is seen.
    What somebody keeps for themself beside it, their own house style, does not count.
    """

    def __init__(self, request: GenerationInput, recalled: Recalled | None = None, talk: Talk | None = None) -> None:
        self._texts = partial(_texts, request, recalled or Recalled(), talk or Talk())
        self._whole: str | None = None
        self._squeezed: str | None = None

    def __call__(self, found: str) -> bool:
        return stands_in(found, self.whole)

    @property
    def whole(self) -> str:
        """All of it, folded, in small letters."""
        if self._whole is None:
            self._whole = fold_text("\n".join(self._texts())).lower()
        return self._whole

    @property
    def squeezed(self) -> str:
        """Of all of it only the letters and digits."""
        if self._squeezed is None:
            self._squeezed = NO_SIGNS.sub("", self.whole)
        return self._squeezed


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
