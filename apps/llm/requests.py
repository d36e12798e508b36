"""What goes to a model and what comes back: plain types, free of litellm."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class ChatMessage:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


Prompt = tuple[ChatMessage, ...]


@dataclass(frozen=True)
class ChatRequest:
    """A prompt for the first of `models` that answers.

    `resume`: returns the prompt that makes another model go on after the text written so far. Without it, an answer
    that broke off in the middle is a failure. `begins_anew`: the other model gives the whole answer again.
    """

    models: tuple[str, ...]
    messages: Prompt
    max_tokens: int
    temperature: float | None = None
    resume: Callable[[str], Prompt] | None = None
    begins_anew: bool = False


@dataclass(frozen=True)
class Delta:
    """Text added to the answer; always encodable as UTF-8."""

    text: str


@dataclass(frozen=True)
class Retrying:
    """`model` failed before its first token and is asked again in `seconds`."""

    model: str
    seconds: float


@dataclass(frozen=True)
class Rerouted:
    """`model` takes over, because the one before it failed. `resumed`: it goes on in the middle of the answer."""

    model: str
    resumed: bool = False


@dataclass(frozen=True)
class Finish:
    """The answer is whole, or as long as it may be."""

    reason: str


StreamItem = Delta | Retrying | Rerouted | Finish


@dataclass
class Attempt:
    """One request to a provider and what it cost, whatever became of it.

    `outcome`: empty while it runs, then `done`, `stopped` by us, or the code of the failure. Tokens are the provider's
    own count (`counted`), else are to be counted from `prompt` and `pieces`; a provider that refused took none.
    """

    model: str
    prompt: Prompt
    outcome: str = ""
    began: bool = False  # the provider accepted the request
    counted: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    pieces: list[str] = field(default_factory=list)

    def usage(self) -> dict[str, Any]:
        """Return what is kept of it. `characters`: of the text that came."""
        return {
            "model": self.model,
            "outcome": self.outcome or "stopped",
            "counted": self.counted,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "characters": sum(map(len, self.pieces)),
        }
