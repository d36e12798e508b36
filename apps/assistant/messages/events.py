"""The events of a generation's log: they carry its `id` and their `seq`, and are replayed after a break."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue, TypeAdapter

from apps.assistant.messages.common import ErrorCode, Person, Quota, absent
from apps.core.messages import Message


class Event(Message):
    """Something that happened in a generation. `seq` starts at 1 and has no gaps."""

    id: UUID
    seq: int


class Started(Event):
    """Always `seq` 1. `conversation`: the one this is an answer in."""

    type: Literal["started"] = "started"
    action: str
    user: Person
    anchor: JsonValue
    model: str
    demo: bool
    conversation: UUID | None = Field(default=None, exclude_if=absent)


class Chunk(Event):
    """Text added to the answer. `span`: this frame stands for that many events, of which `seq` is the last."""

    type: Literal["chunk"] = "chunk"
    text: str
    span: int | None = Field(default=None, exclude_if=absent)


class Edit(Event):
    """A proposed replacement inside one block. Positions are UTF-16 code units into `selection`.

    `original` is exactly what stands there; edits of one generation do not overlap. `category` is one of its prompt's.
    """

    type: Literal["edit"] = "edit"
    edit_id: str
    start: int
    end: int
    original: str
    replacement: str
    category: str
    explanation: str


class Status(Event):
    """The generation goes on, but not as usual."""

    type: Literal["status"] = "status"
    state: Literal["retrying", "fallback", "resumed", "held"]
    model: str
    detail: str


class Citation(Event):
    """Where a statement comes from."""

    type: Literal["citation"] = "citation"
    index: int
    source: str
    title: str
    url: str
    quote: str


class Usage(Message):
    """Tokens as the provider counted them, or as litellm estimated them where it did not."""

    prompt_tokens: int
    completion_tokens: int


class Timing(Message):
    """Milliseconds since the request was accepted: until a generator took it, the first text came, it ended."""

    queued_ms: int
    first_token_ms: int
    total_ms: int


class EditCounts(Message):
    """How many edits there are, and how many findings of the model were not shown: no place, no change, unreadable."""

    found: int
    dropped: int


class Note(Message):
    """Something was found in the text that the assistant read: orders to it, or text that nobody can see.

    `message`: a sentence for people.
    """

    kind: Literal["orders_in_text", "hidden_text"]
    message: str


class Done(Event):
    """The generation ended well. `sha256` is of the UTF-8 of all chunk texts joined. `edits`: where it made some.

    `quota`: what is left to who asked, who alone is told. `notes`: where something is to be known of what was read.
    """

    type: Literal["done"] = "done"
    finish_reason: str
    sha256: str
    characters: int
    usage: Usage
    timing: Timing
    quota: Quota | None = Field(default=None, exclude_if=absent)
    edits: EditCounts | None = Field(default=None, exclude_if=absent)
    notes: list[Note] | None = Field(default=None, exclude_if=absent)


class Failed(Event):
    """The generation ended badly. Text that came before stays: `partial`."""

    type: Literal["failed"] = "failed"
    code: ErrorCode
    message: str
    retryable: bool
    retry_after: float | None = Field(default=None, exclude_if=absent)
    partial: bool


class Cancelled(Event):
    """Somebody stopped the generation after `characters` characters."""

    type: Literal["cancelled"] = "cancelled"
    characters: int


class Decided(Event):
    """Somebody decided, while the generation streamed or after its end."""

    type: Literal["decided"] = "decided"
    edit_id: str | None = Field(default=None, exclude_if=absent)
    decision: Literal["accepted", "rejected", "edited"]
    user: Person


GenerationEvents = Started | Chunk | Edit | Status | Citation | Done | Failed | Cancelled | Decided
GenerationEvent = Annotated[GenerationEvents, Field(discriminator="type")]
_event: TypeAdapter[Any] = TypeAdapter(GenerationEvent)
END_TYPES = frozenset({"done", "failed", "cancelled"})


def parse_event(stored: Any) -> Event:
    """Return the event that was stored as `model_dump(mode="json")`."""
    event: Event = _event.validate_python(stored)
    return event
