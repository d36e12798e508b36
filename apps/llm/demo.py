"""The built-in model `interline/demo`: plausible English out of the document's own words. It knows nothing.

Deterministic: the same prompt gives the same text. It reads the prompt as a model would, so it also shows that the
prompt carries what it should.
"""

import asyncio
import hashlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from django.conf import settings
from litellm.llms.custom_llm import CustomLLM
from litellm.types.utils import GenericStreamingChunk

from apps.llm.demo_chat import converse, is_conversation

TOKEN = re.compile(r"\s*\S+")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
SENTENCE_END = re.compile(r"[.!?…:][\"'”’)\]]*\s*$")
BEFORE = re.compile(r"<before-(?P<key>\w+)>\n(?P<text>.*)\n</before-(?P=key)>", re.DOTALL)
COMPLETE = "Task: complete."
TOPICS_MAX = 6
TOPIC_MIN_CHARACTERS = 4
CONTINUE_SENTENCES = 4

COMMON_WORDS = (
    "about above after again against almost along already also although always among another anything around away "
    "back because been before being below between both came cannot could does doing done down during each either else "
    "enough even ever every everything from further gave goes going gone have having here hers herself himself however "
    "into itself just keep kept know known last later least less like made make makes many might more most much must "
    "near never next none nothing often once only onto other others ours over perhaps quite rather really said same "
    "seem seems several shall should since some something soon still such take than that their them then there these "
    "they thing things this those though through thus together toward under until upon used very want wants well went "
    "were what when where which while whole whom whose will with within without would your yours"
)
COMMON = frozenset(COMMON_WORDS.split())

# {a} and {b} are words of the document, each used as a noun whatever it is: hence "the matter of", "the word".
SENTENCES = (
    "The question of {a} deserves a closer look before anything else is decided.",
    "Seen from the side of {b}, the picture changes more than one would expect.",
    "That is where {a} and {b} meet, and it is worth staying there for a moment.",
    "A reader who came for {a} will now want to hear about {b}.",
    "None of this is final, but it gives {a} a place to stand.",
    "What was said about {a} holds for {b} as well, with one difference.",
    "It helps to begin with {b} and to let the rest follow from it.",
    "For now, let us keep {a} in view and see what it brings.",
    "Much depends on how {a} is understood, and on who is asked.",
    "With {b} in mind, the next step is easier to name.",
)
COMPLETIONS = (
    "and the question of {a} that comes with it.",
    "as far as {a} is concerned.",
    "with {a} still to be settled.",
    "and what it means for {a}.",
    "before we return to {a}.",
)


class DemoModel(CustomLLM):
    """litellm's custom provider for `interline/…`."""

    async def astreaming(  # type: ignore[override]  # litellm calls it with names and awaits nothing
        self, model: str, messages: list[dict[str, Any]], *_: Any, **options: Any
    ) -> AsyncIterator[GenericStreamingChunk]:
        prompt = "\n".join(str(message["content"]) for message in messages)
        tokens = TOKEN.findall(converse(messages) if is_conversation(prompt) else compose(prompt))
        limit = (options.get("optional_params") or {}).get("max_tokens") or len(tokens)
        await asyncio.sleep(settings.AI_DEMO_FIRST_TOKEN_SECONDS)
        for token in tokens[:limit]:
            yield _chunk(token)
            await asyncio.sleep(1 / settings.AI_DEMO_TOKENS_PER_SECOND)
        yield _chunk(
            "",
            finish_reason="stop" if len(tokens) <= limit else "length",
            usage={
                "prompt_tokens": len(TOKEN.findall(prompt)),
                "completion_tokens": min(limit, len(tokens)),
                "total_tokens": len(TOKEN.findall(prompt)) + min(limit, len(tokens)),
            },
        )


def _chunk(text: str, *, finish_reason: str = "", usage: Any = None) -> GenericStreamingChunk:
    return GenericStreamingChunk(
        text=text, is_finished=bool(finish_reason), finish_reason=finish_reason, usage=usage, index=0, tool_use=None
    )


def compose(prompt: str) -> str:
    """Return the answer to `prompt`: a few sentences, or the rest of one when the text stops inside a sentence."""
    found = BEFORE.search(prompt)
    before = found["text"] if found else prompt
    choice = random.Random(hashlib.sha256(prompt.encode("utf-8", "replace")).digest())  # noqa: S311  (not a secret)
    topics = _topics(before)
    if before.strip() and not SENTENCE_END.search(before):
        first = choice.choice(COMPLETIONS).format(a=choice.choice(topics))
        if COMPLETE in prompt:
            return first
    elif COMPLETE in prompt:
        return _sentences(choice, topics, 1)
    else:
        first = ""
    return " ".join(part for part in (first, _sentences(choice, topics, CONTINUE_SENTENCES)) if part)


def _sentences(choice: random.Random, topics: list[str], count: int) -> str:
    sentences = []
    for template in choice.sample(SENTENCES, count):
        a = choice.choice(topics)
        b = choice.choice([topic for topic in topics if topic != a] or topics)
        sentences.append(template.format(a=a, b=b))
    return " ".join(sentences)


def _topics(text: str) -> list[str]:
    """Return the words the text speaks of most, latest first among equals; stand-ins where it has none."""
    words = [word.strip("'’-") for word in WORD.findall(text)]
    wanted = [word for word in words if len(word) >= TOPIC_MIN_CHARACTERS and word.lower() not in COMMON]
    counts = Counter(word.lower() for word in wanted)
    latest = {word.lower(): index for index, word in enumerate(wanted)}
    ranked = sorted(counts, key=lambda word: (-counts[word], -latest[word]))[:TOPICS_MAX]
    return [f"“{word}”" for word in ranked] or ["the subject", "the text itself"]
