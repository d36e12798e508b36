"""The built-in model `interline/demo`: rules, word lists and the document's own words. It knows nothing.

Deterministic: the same prompt gives the same answer. It reads the prompt as a model would, so it also shows that the
prompt carries what it should.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from django.conf import settings
from litellm.llms.custom_llm import CustomLLM
from litellm.types.utils import GenericStreamingChunk

from apps.llm import demo_rewrites as rewrites
from apps.llm.demo_chat import converse
from apps.llm.demo_forward import Forward, sheet_of
from apps.llm.demo_grammar import proofread
from apps.llm.demo_prompt import DemoPrompt, read_prompt
from apps.llm.demo_suggestions import suggest

TOKEN = re.compile(r"\s*\S+")


class DemoModel(CustomLLM):
    """litellm's custom provider for `interline/…`."""

    async def astreaming(  # type: ignore[override]  # litellm calls it with names and awaits nothing
        self, model: str, messages: list[dict[str, Any]], *_: Any, **options: Any
    ) -> AsyncIterator[GenericStreamingChunk]:
        prompt = "\n".join(str(message["content"]) for message in messages)
        tokens = TOKEN.findall(compose(messages))
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


Answer = Callable[[DemoPrompt], str]

ANSWERS: dict[str, Answer] = {
    "continue": lambda prompt: _forward(prompt).continue_(),
    "complete": lambda prompt: _forward(prompt).complete(),
    "grammar": lambda prompt: proofread(prompt["selection"]),
    "suggest": lambda prompt: suggest(prompt["aspect"], prompt["selection"]),
    "rewrite": lambda prompt: rewrites.rewrite(prompt["selection"], prompt["wish"]),
    "shorten": lambda prompt: rewrites.shorten(prompt["selection"], prompt.wording),
    "expand": lambda prompt: rewrites.expand(prompt["selection"], prompt.wording),
    "simplify": lambda prompt: rewrites.simplify(prompt["selection"], prompt.wording),
    "tone": lambda prompt: rewrites.tone(prompt["selection"], prompt["tone"]),
    "translate": lambda prompt: rewrites.translate(prompt["selection"], prompt["into"]),
    "summarize": lambda prompt: rewrites.summarize(prompt["selection"], prompt.wording),
    "outline": lambda prompt: _forward(prompt).outline(),
    "brainstorm": lambda prompt: _forward(prompt).brainstorm(),
    "title": lambda prompt: _forward(prompt).titles(),
    "scene": lambda prompt: _forward(prompt).scene(),
    "turns": lambda prompt: _forward(prompt).turns(),
    "custom": lambda prompt: _command(prompt),
    "sheet": lambda prompt: _sheet(prompt),
}


def compose(messages: Sequence[dict[str, Any]]) -> str:
    """Return the answer to a prompt of `apps/assistant/prompts`."""
    prompt = read_prompt(messages)
    if "Task: chat." in str(messages[0]["content"]) or prompt.task == "recap":
        return converse(messages)
    answer = ANSWERS.get(prompt.task, ANSWERS["continue"])(prompt)
    return answer[len(prompt["written"]) :] if answer.startswith(prompt["written"]) else answer


def _forward(prompt: DemoPrompt) -> Forward:
    text = " ".join(filter(None, (prompt["wish"], prompt.text)))
    return Forward(text, seed=f"{prompt.task}\0{text}", sheet=prompt["sheet"])


def _sheet(prompt: DemoPrompt) -> str:
    entries = [
        json.dumps({"kind": kind, "name": name, "note": note}, ensure_ascii=False)
        for kind, name, note in sheet_of(prompt["story"])
    ]
    return "\n".join(entries) or '{"end": true}'


def _command(prompt: DemoPrompt) -> str:
    """Carry out a command where it names something this model can do; without a text it works on the paragraph."""
    text = next(filter(None, (prompt[name] for name in ("selection", "paragraph", "document"))), "")
    if text:
        return rewrites.rewrite(text, prompt["command"])
    return _forward(prompt).continue_()
