"""What the assistant can do: one entry per action, with what it needs and what it asks a model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.assistant.context import Surroundings, fit
from apps.assistant.errors import UnsupportedAction
from apps.assistant.messages import INSTRUCTION_MAX_CHARACTERS, GenerationInput
from apps.assistant.prompts import complete_text, continue_text
from apps.core.errors import Invalid
from apps.llm.requests import ChatMessage

Build = Callable[[GenerationInput, Surroundings], tuple[ChatMessage, ...]]

TEXT_FIELDS = {
    "text_before": {"type": "string", "description": "The text before the cursor."},
    "text_after": {"type": "string", "description": "The text after the cursor."},
    "language": {
        "type": "string",
        "description": "A language tag, where the text alone does not tell.",
        "maxLength": 35,
    },
}


@dataclass(frozen=True)
class Action:
    """One thing the assistant does. `properties`: the JSON schema of the input fields it takes."""

    name: str
    description: str
    properties: dict[str, Any]
    build: Build
    prompt_version: str
    max_tokens: int  # of the answer, unless the request says how many
    context_tokens_setting: str
    fast: bool = False  # a small request: the fast model answers
    mid_word: bool = False  # the answer may go on inside a word

    def check(self, request: GenerationInput) -> None:
        """Raises Invalid when the input has a field this action does not take, or lacks the text it needs."""
        surplus = {name for name, value in request if value} - set(self.properties)
        if surplus:
            raise Invalid(f"input: {self.name} takes no {', '.join(sorted(surplus))}.")
        if request.text_before is None:
            raise Invalid(f"input: {self.name} needs text_before.")

    def messages(self, request: GenerationInput, *, written: str = "") -> tuple[ChatMessage, ...]:
        """Return the prompt. `written`: what a generator that died has already written of the answer."""
        tokens: int = getattr(settings, self.context_tokens_setting)
        before = (request.text_before or "") + written
        return self.build(request, fit(before, request.text_after or "", tokens=tokens))

    def input_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": self.properties,
            "required": ["text_before"],
            "additionalProperties": False,
        }


ACTIONS = {
    action.name: action
    for action in (
        Action(
            name="continue",
            description="Continues the text at the cursor.",
            properties={
                **TEXT_FIELDS,
                "instruction": {
                    "type": "string",
                    "description": "A wish about direction, tone or length.",
                    "maxLength": INSTRUCTION_MAX_CHARACTERS,
                },
            },
            build=continue_text.build,
            prompt_version=continue_text.VERSION,
            max_tokens=600,
            context_tokens_setting="ASSISTANT_CONTEXT_TOKENS",
        ),
        Action(
            name="complete",
            description="Proposes the next few words at the cursor.",
            properties=TEXT_FIELDS,
            build=complete_text.build,
            prompt_version=complete_text.VERSION,
            max_tokens=40,
            context_tokens_setting="ASSISTANT_COMPLETE_CONTEXT_TOKENS",
            fast=True,
            mid_word=True,
        ),
    )
}


def find_action(name: str) -> Action:
    if name not in ACTIONS:
        raise UnsupportedAction("The assistant cannot do this yet.")
    return ACTIONS[name]
