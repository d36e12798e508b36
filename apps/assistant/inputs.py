"""The input fields of actions: which one takes and needs, as a JSON schema and as a check."""

from collections.abc import Sequence
from typing import Any

from apps.assistant.messages.client import (
    CONVERSATION_MAX_MESSAGES,
    INSTRUCTION_MAX_CHARACTERS,
    STRENGTH_MAX,
    STRENGTH_MIN,
    GenerationInput,
)
from apps.core.errors import Invalid

FIELDS: dict[str, dict[str, Any]] = {
    "text_before": {"type": "string", "description": "The text before the cursor or the selection."},
    "text_after": {"type": "string", "description": "The text after the cursor or the selection."},
    "selection": {"type": "string", "description": "The text to work on."},
    "instruction": {
        "type": "string",
        "description": "A wish, in the writer's words.",
        "maxLength": INSTRUCTION_MAX_CHARACTERS,
    },
    "language": {
        "type": "string",
        "description": "A language tag, where the text alone does not tell.",
        "maxLength": 35,
    },
    "tone": {"type": "string", "description": "A tone, in a word or a few.", "maxLength": 100},
    "aspect": {"type": "string", "description": "From which side to look.", "maxLength": 100},
    "strength": {
        "type": "integer",
        "description": "How far to go; 2 where it is not given.",
        "minimum": STRENGTH_MIN,
        "maximum": STRENGTH_MAX,
    },
    "messages": {
        "type": "array",
        "description": "The conversation, oldest first.",
        "maxItems": CONVERSATION_MAX_MESSAGES,
        "items": {
            "type": "object",
            "properties": {"role": {"enum": ["user", "assistant"]}, "content": {"type": "string"}},
            "required": ["role", "content"],
        },
    },
}

FIELDS |= {
    name: {"type": "string", "format": "uuid", "description": description}
    for name, description in {
        "conversation": "The conversation: its history goes before `messages`, which then is the new question alone.",
        "after": "The answer that the question follows; else the conversation's latest.",
        "replaces": "The answer in whose place this one comes: asked again, or its question edited.",
        "about": "A generation that the question refers to.",
    }.items()
}

Needs = Sequence[tuple[str, ...]]  # of each group, one field at least


def schema(takes: Sequence[str], needs: Needs, changes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON schema of an input. `changes`: what a field's schema says differently for this action."""
    properties = {name: {**FIELDS[name], **changes.get(name, {})} for name in takes}
    alternatives = [group for group in needs if len(group) > 1]
    return {
        "type": "object",
        "properties": properties,
        "required": [name for group in needs if len(group) == 1 for name in group],
        "additionalProperties": False,
        **({"allOf": [_one_of(group) for group in alternatives]} if alternatives else {}),
    }


def _one_of(group: tuple[str, ...]) -> dict[str, Any]:
    return {"anyOf": [{"required": [name]} for name in group]}


def check(action: str, request: GenerationInput, takes: Sequence[str], needs: Needs) -> None:
    """Raises Invalid when `request` has a field that `action` does not take, or lacks one it needs."""
    surplus = {name for name, value in request if value} - set(takes)
    if surplus:
        raise Invalid(f"input: {action} takes no {', '.join(sorted(surplus))}.")
    for group in needs:
        if not any(_is_given(request, name, alone=len(group) == 1) for name in group):
            raise Invalid(f"input: {action} needs {' or '.join(group)}.")


def _is_given(request: GenerationInput, name: str, *, alone: bool) -> bool:
    value = getattr(request, name)
    if name == "text_before" and alone:
        return value is not None  # empty: the cursor stands at the beginning
    return bool(value.strip()) if isinstance(value, str) else bool(value)
