"""What was said before a question: read from the conversation's turns, cut to the budget."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from apps.assistant.context import Exchange, Talk, estimate_tokens, first_tokens
from apps.assistant.messages.client import ConversationTurn, GenerationInput
from apps.assistant.models import RECAP, Generation, State, Turn

READ_AT_ONCE = 16  # turns whose texts are decrypted together
EXCHANGE_TOKENS = 16  # what the frames of a question and its answer cost


def gather(generation: Generation, request: GenerationInput) -> Talk:
    """Return what `generation` needs to know of its conversation and document. Reads the database."""
    if generation.action == RECAP:
        return to_sum_up(request)
    turn = Turn.objects.filter(generation=generation).first() if request.conversation else None
    summary, history = said_before(turn) if turn else ("", _pairs((request.messages or [])[:-1]))
    return Talk(
        title=generation.document.title,
        text="" if request.text_before or request.text_after else generation.document.text,
        about=_text_of(request, generation),
        summary=summary,
        history=history,
    )


def _text_of(request: GenerationInput, asking: Generation) -> str:
    """Return the text of the generation a question refers to, where who asks may see it."""
    if request.about is None:
        return ""
    found = Generation.objects.filter(pk=request.about, document_id=asking.document_id).first()
    if found is None or found.withdrawn_at is not None or not found.is_visible_to(asking.user_id):
        return ""
    return found.text or "\n".join(_change(event) for event in found.events or [] if event["type"] == "edit")


def _change(edit: Mapping[str, Any]) -> str:
    return f"“{edit['original']}” → “{edit['replacement']}”. {edit['explanation']}".strip()


def said_before(turn: Turn) -> tuple[str, tuple[Exchange, ...]]:
    """Return what was said in the thread before `turn`: a summary of its beginning, and what fits of the rest."""
    summary = ""

    def exchanges() -> Iterator[Exchange]:
        nonlocal summary
        for earlier in thread(turn):
            if is_summed_up(earlier):
                summary = earlier.summary.text if earlier.summary and earlier.summary.text else ""
                return
            if earlier.generation.text and earlier.generation.withdrawn_at is None:
                yield exchange_of(earlier)

    history = _latest(exchanges())
    return summary, history


def to_sum_up(request: GenerationInput) -> Talk:
    """Return the summary so far, and what was said after it up to the answer `request.after`, each cut to its share."""
    assert request.after is not None  # the action needs it
    turn = Turn.objects.select_related("generation").get(generation_id=request.after)
    exchanges, summary = [exchange_of(turn)], ""
    for earlier in thread(turn):
        if is_summed_up(earlier):
            summary = earlier.summary.text if earlier.summary and earlier.summary.text else ""
            break
        exchanges.append(exchange_of(earlier))
    each = settings.ASSISTANT_CONTEXT_TOKENS // len(exchanges)
    return Talk(summary=summary, history=tuple(_cut(exchange, each) for exchange in reversed(exchanges)))


def thread(turn: Turn) -> Iterator[Turn]:
    """Yield the turns before `turn` up to the conversation's beginning, latest first, with their generations."""
    parents = dict(Turn.objects.filter(conversation_id=turn.conversation_id).values_list("pk", "parent_id"))
    path: list[int] = []
    at = turn.parent_id
    while at is not None:
        path.append(at)
        at = parents[at]
    for start in range(0, len(path), READ_AT_ONCE):
        wanted = path[start : start + READ_AT_ONCE]
        found = Turn.objects.select_related("generation", "summary").in_bulk(wanted)
        yield from (found[pk] for pk in wanted)


def is_summed_up(turn: Turn) -> bool:
    return turn.summary is not None and turn.summary.state == State.DONE


def exchange_of(turn: Turn) -> Exchange:
    asked = turn.generation.input.get("messages") or [{"content": ""}]
    return Exchange(asked[-1]["content"], turn.generation.text or "")


def tokens_of(exchange: Exchange) -> int:
    return estimate_tokens(exchange.question) + estimate_tokens(exchange.answer)


def _pairs(messages: Sequence[ConversationTurn]) -> tuple[Exchange, ...]:
    """Return the earlier messages that a client sent itself as questions and answers, as many as fit."""
    exchanges: list[Exchange] = []
    asked: list[str] = []
    for message in messages:
        if message.role == "user":
            asked.append(message.content)
        elif asked:
            exchanges.append(Exchange("\n\n".join(asked), message.content))
            asked = []
    return _latest(reversed(exchanges))


def _latest(newest_first: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """Return what fits into the budget, oldest first. Of the last exchange at least the beginning is kept."""
    left = settings.ASSISTANT_CHAT_HISTORY_TOKENS
    kept: list[Exchange] = []
    for exchange in newest_first:
        left -= EXCHANGE_TOKENS
        if tokens_of(exchange) > left:
            if not kept:
                kept.append(_cut(exchange, left))
            break
        left -= tokens_of(exchange)
        kept.append(exchange)
    return tuple(reversed(kept))


def _cut(exchange: Exchange, tokens: int) -> Exchange:
    if tokens_of(exchange) <= tokens:
        return exchange
    return Exchange(first_tokens(exchange.question, tokens // 3), first_tokens(exchange.answer, tokens * 2 // 3))
