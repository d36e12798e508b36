"""Reads a chat completion stream of OpenAI's form: server-sent events with JSON in `data:` lines."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any


class BrokenStream(Exception):
    """The stream is not what it should be: bad JSON, or an error told inside it."""


@dataclass
class Completion:
    """One step of a stream: text, and what the provider said about its end."""

    text: str = ""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


async def read_completions(lines: AsyncIterator[str]) -> AsyncIterator[Completion | None]:
    """Yield what `lines` say until `[DONE]`; None for a line without content, such as a keep-alive comment.

    Raises BrokenStream.
    """
    async for line in lines:
        if not line.startswith("data:"):
            yield None
            continue
        body = line[5:].strip()
        if body == "[DONE]":
            return
        try:
            yield _completion(json.loads(body))
        except (ValueError, TypeError, AttributeError, KeyError, IndexError):
            raise BrokenStream("an event is not a chat completion chunk") from None


def _completion(event: dict[str, Any]) -> Completion:
    if event.get("error"):
        raise BrokenStream("the provider reported an error inside the stream")
    result = Completion()
    if event.get("choices"):
        choice = event["choices"][0]
        result.text = (choice.get("delta") or {}).get("content") or ""
        result.finish_reason = choice.get("finish_reason")
    if event.get("usage"):
        result.prompt_tokens = int(event["usage"].get("prompt_tokens") or 0)
        result.completion_tokens = int(event["usage"].get("completion_tokens") or 0)
    return result
