"""How many tokens a prompt may come to, before it is put together: what is set aside for it is never less.

The request itself is counted. What a generator looks up later (house style, dictionary, the rest of the document, the
story sheet, what was said before) is not read for that: its size in bytes is, and the budget it is cut to.
"""

from dataclasses import dataclass

from django.conf import settings

from apps.assistant.actions import ACTIONS, Action
from apps.assistant.chat import to_sum_up
from apps.assistant.context import BYTES_PER_TOKEN
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import RECAP, SHEET, STORY
from apps.llm.tokens import at_most, count_tokens

MESSAGE_TOKENS = 8  # what a chat message's frame costs at most
PASSAGE_TOKENS = 32  # what a passage's marks cost at most
KNOWN_PASSAGES = 6  # style, words, sheet, outline, summary, language
TALK_PASSAGES = 4  # earlier, title, document, suggestion
OTHERS_PERCENT = 110  # what the tokenizers of other models make of what ours makes a hundred

# Of stored values: to know the length of one does not read it.
SIZES = """
SELECT octet_length(d.title) + octet_length(d.text) AS text_bytes,
    octet_length(d.outline)
    + coalesce(octet_length(dw.words::text) + octet_length(dw.style), 0)
    + coalesce(octet_length(pw.words::text) + octet_length(pw.style), 0) AS known_bytes,
    (
        SELECT coalesce(sum(octet_length(e.kind) + octet_length(e.name) + octet_length(e.note)
            + coalesce(octet_length(e.sealed_note), 0) + 8), 0)::int
        FROM assistant_sheetentry e WHERE e.sheet_id = d.id AND NOT e.removed
    ) AS sheet_bytes
FROM (SELECT 1) AS one
LEFT JOIN documents_document d ON d.id = %(document)s
LEFT JOIN documents_documentwriting dw ON dw.document_id = d.id
LEFT JOIN accounts_personalwriting pw ON pw.user_id = %(user)s
"""


@dataclass(frozen=True)
class Sizes:
    """What a prompt may have beside the request, in bytes of UTF-8: of the document, of what is kept, of its story."""

    text: int | None
    known: int | None
    sheet: int

    def recalled(self, action: Action) -> int:
        """Return the most that an action's prompt recalls."""
        if not action.remembers:
            return 0
        if action.name == SHEET:
            return self.sheet
        return (self.text or 0) + (self.known or 0) + (self.sheet if action.name == STORY else 0)


class PromptTokens:
    """What the prompt of `request` comes to at most. The request itself is counted once for each prompt."""

    def __init__(self, request: GenerationInput) -> None:
        self._request = request
        self._counted: dict[str, int] = {}

    def of_request(self, action: Action) -> int:
        """Return what the request itself comes to in `action`'s prompt. Raises TooLarge."""
        version = action.prompt_version
        if version not in self._counted:
            talk = to_sum_up(self._request) if action.name == RECAP else None
            messages = action.messages(self._request, talk=talk)
            self._counted[version] = sum(count_tokens(message.content) + MESSAGE_TOKENS for message in messages)
        return self._counted[version]

    def of(self, action: Action, sizes: Sizes) -> int:
        """Return what the whole prompt comes to. Raises TooLarge."""
        recalled = sizes.recalled(action)
        tokens = self.of_request(action)
        tokens += _within(recalled, getattr(settings, action.context_tokens_setting))
        tokens += PASSAGE_TOKENS * (KNOWN_PASSAGES if recalled else 1)
        if action.talks and action.name != RECAP:
            tokens += _of_talk(self._request, sizes)
        return tokens * OTHERS_PERCENT // 100 + 1


def _of_talk(request: GenerationInput, sizes: Sizes) -> int:
    """Return what a question's surroundings add: what was said before, the document, the answer it is about."""
    tokens = PASSAGE_TOKENS * TALK_PASSAGES + _of_history(request)
    if not (request.text_before or request.text_after):
        tokens += _within(sizes.text, settings.ASSISTANT_CONTEXT_TOKENS)
    if request.about is not None:
        tokens += _within(None, settings.ASSISTANT_CONTEXT_TOKENS)
    return tokens


def _of_history(request: GenerationInput) -> int:
    most = settings.ASSISTANT_CHAT_HISTORY_TOKENS
    if request.conversation is not None:
        return _within(None, most) + ACTIONS[RECAP].max_tokens
    earlier = (request.messages or [])[:-1]
    return _within(sum(len(message.content.encode()) for message in earlier), most)


def _within(size: int | None, budget: int) -> int:
    """Return what text of `size` bytes comes to at most, cut to a `budget` as prompts measure it. None: unknown."""
    most = budget * BYTES_PER_TOKEN
    return at_most(most if size is None else min(size, most))
