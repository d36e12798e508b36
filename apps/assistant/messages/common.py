"""What both frames about a socket and events of a generation carry: people, quotas, the codes of errors."""

from typing import Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypeAliasType

from apps.core.messages import Message

_CODES = Literal[
    "invalid",
    "too_large",
    "unsupported_action",
    "forbidden",
    "against_policy",
    "not_found",
    "rate_limited",
    "concurrency_limited",
    "quota_exceeded",
    "blocked_input",
    "held_input",
    "blocked_output",
    "provider_unavailable",
    "provider_timeout",
    "stalled",
    "internal",
]
ErrorCode = TypeAliasType("ErrorCode", _CODES)


def absent(value: object) -> bool:
    """Say whether a field is left out of its frame."""
    return value is None


class Person(Message):
    """Who somebody is, as everybody in the document may know. `color` is their caret's."""

    id: UUID
    name: str
    color: str


class Quota(Message):
    """What is left to this person, of `limit_tokens` in `window`. null: without a limit. `payer`: their team pays.

    `smaller_tokens`: what is left today for smaller models beside that, where there are any.
    """

    tier: str
    remaining_tokens: int | None
    resets_at: str | None
    limit_tokens: int | None = Field(default=None, exclude_if=absent)
    window: Literal["day", "week", "month"] | None = Field(default=None, exclude_if=absent)
    payer: Literal["team"] | None = Field(default=None, exclude_if=absent)
    smaller_tokens: int | None = Field(default=None, exclude_if=absent)
