"""Fits what is known into a prompt's budget: the text around the cursor first, then the rest of the document, then what
people keep for the writing tools, each within its share."""

from apps.assistant.context import Brief, Memory, Recalled, Talk, estimate_tokens, first_tokens, fit
from apps.assistant.language import language_of
from apps.assistant.messages.client import GenerationInput
from apps.core.errors import TooLarge

INSTRUCTION_TOKENS = 1_500  # of the longest prompt, its marks and its task
KEPT_SHARE = 0.15  # of the budget at most, for house style, dictionary and story sheet each
REST_SHARE = 0.2  # for headings and summary of what is not shown itself
LANGUAGE_CHARACTERS = 5_000
OPENING_MIN_CHARACTERS = 40  # a block that says something
OPENING_MAX_CHARACTERS = 200


def budget_of(request: GenerationInput, *, tokens: int, answer_tokens: int, model_tokens: int | None) -> int:
    """Return the tokens there are for what stands around the selection. `model_tokens`: what the model takes in all.

    Raises TooLarge where the model cannot take the selection and its answer.
    """
    if model_tokens is None:
        return tokens
    fixed = INSTRUCTION_TOKENS + answer_tokens + estimate_tokens(request.selection or "")
    left = model_tokens - fixed - estimate_tokens(request.instruction or "")
    if left < 0:
        raise TooLarge("The text is too long for this model. Select less of it.")
    return min(tokens, left)


def make_brief(
    request: GenerationInput, *, tokens: int, recalled: Recalled | None, talk: Talk | None, written: str, before: str
) -> Brief:
    """Return what a prompt may use, within `tokens` beside the selection. `before`: the text up to the cursor."""
    known = recalled or Recalled()
    after = request.text_after or ""
    at_hand = "\n".join((before, request.selection or "", after, request.instruction or ""))
    kept = int(tokens * KEPT_SHARE)
    style = first_tokens(known.style, kept)
    sheet = first_tokens(known.sheet, kept)
    words = first_tokens("\n".join(word for word in known.words if word in at_hand), kept)
    left = tokens - sum(estimate_tokens(text) for text in (style, sheet, words))
    is_longer = len(known.text) > len(at_hand)
    shown = fit(before, after, tokens=left - int(tokens * REST_SHARE) * is_longer)
    left -= estimate_tokens(shown.before) + estimate_tokens(shown.after)
    outline, summary = _rest(known, "\n".join((shown.before, request.selection or "", shown.after)), min(left, tokens))
    return Brief(
        request=request,
        before=shown.before,
        after=shown.after,
        language=request.language or _language(known, request, before, after, recalled is not None),
        memory=Memory(style=style, words=words, outline=outline, summary=summary, sheet=sheet),
        talk=talk or Talk(),
        written=written,
    )


def _language(known: Recalled, request: GenerationInput, before: str, after: str, is_known: bool) -> str:
    if not is_known:
        return ""
    text = request.selection or before[-LANGUAGE_CHARACTERS:] or after
    return language_of(text[:LANGUAGE_CHARACTERS], declared=known.language)


def _rest(known: Recalled, shown: str, tokens: int) -> tuple[str, str]:
    """Return the headings of the document and how the blocks that are not shown begin; nothing where all is shown."""
    lines = {line.strip() for line in shown.split("\n")}
    hidden = [line.strip() for line in known.text.split("\n")]
    hidden = [line for line in hidden if len(line) >= OPENING_MIN_CHARACTERS and line not in lines]
    if not hidden:
        return "", ""
    outline = first_tokens(known.outline, tokens // 2)
    openings = [_opening(line) for line in hidden]
    room = tokens - estimate_tokens(outline)
    each = max(1, sum(map(estimate_tokens, openings)) // len(openings) + 1)
    step = max(1, -(-len(openings) * each // max(room, 1)))  # of a long document, every second or third block
    return outline, first_tokens("\n".join(openings[::step]), room)


def _opening(line: str) -> str:
    """Return the first sentence of a block."""
    end = next((at + 1 for at, character in enumerate(line) if character in ".!?。！？"), len(line))  # noqa: RUF001
    return line[: min(end, OPENING_MAX_CHARACTERS)]
