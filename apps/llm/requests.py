"""What goes to a model and what comes back: plain types, free of litellm."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ChatMessage:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """A prompt for the first of `models` that answers."""

    models: tuple[str, ...]
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    temperature: float | None = None


@dataclass(frozen=True)
class Delta:
    """Text added to the answer; always encodable as UTF-8."""

    text: str


@dataclass(frozen=True)
class Rerouted:
    """`model` takes over, because the one before it failed before its first token."""

    model: str


@dataclass(frozen=True)
class Finish:
    """The answer is whole. Tokens as the provider counted them, or estimated where it did not say."""

    reason: str
    prompt_tokens: int
    completion_tokens: int


StreamItem = Delta | Rerouted | Finish
