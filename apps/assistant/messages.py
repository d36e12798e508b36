"""Every frame of the assistant socket, both ways. TypeScript: `frontend/src/assistant/messages.ts` (`make types`).

Ephemeral messages concern one socket; events belong to a generation's log and carry its `id` and their `seq`.
"""

import json
import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue, TypeAdapter, ValidationError, field_validator, model_validator
from typing_extensions import TypeAliasType

from apps.core.errors import Invalid
from apps.core.messages import Message

PROTOCOL = 1
SUBPROTOCOL = "interline.v1"

TRACEPARENT_MAX_CHARACTERS = 128
ANCHOR_MAX_BYTES = 1024
ACTION_MAX_CHARACTERS = 40
INSTRUCTION_MAX_CHARACTERS = 4_000
FINAL_TEXT_MAX_CHARACTERS = 100_000
MODEL_MAX_CHARACTERS = 200
CONVERSATION_MAX_MESSAGES = 100
STRENGTH_MIN, STRENGTH_MAX = 1, 3
CURSORS_MAX = 1_000
TOKEN_MAX_CHARACTERS = 4_096
SEQ_MAX = 2**53 - 1  # what a browser's number can hold

Seq = Annotated[int, Field(ge=0, le=SEQ_MAX)]
Cursors = Annotated[dict[UUID, Seq], Field(max_length=CURSORS_MAX)]
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


def _absent(value: object) -> bool:
    return value is None


# ---------------------------------------------------------------- client to server


class ConversationTurn(Message):
    """One earlier message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class GenerationInput(Message):
    """What an action works on; each action says which fields it needs. Texts are plain, paragraphs end with LF."""

    text_before: str | None = None
    text_after: str | None = None
    selection: str | None = None
    instruction: Annotated[str, Field(max_length=INSTRUCTION_MAX_CHARACTERS)] | None = None
    language: Annotated[str, Field(max_length=35)] | None = None
    tone: Annotated[str, Field(max_length=100)] | None = None
    aspect: Annotated[str, Field(max_length=100)] | None = None
    strength: Annotated[int, Field(ge=STRENGTH_MIN, le=STRENGTH_MAX)] | None = None
    messages: Annotated[list[ConversationTurn], Field(max_length=CONVERSATION_MAX_MESSAGES)] | None = None
    conversation: UUID | None = None  # whose history the server puts before `messages`
    after: UUID | None = None  # the answer that this question follows; else the conversation's latest
    replaces: UUID | None = None  # the answer in whose place this one comes: asked again, or edited
    about: UUID | None = None  # a generation the question refers to

    @property
    def characters(self) -> int:
        """How many characters of text there are in all."""
        texts = (self.text_before, self.text_after, self.selection, self.instruction)
        turns = self.messages or []
        return sum(len(text) for text in texts if text) + sum(len(turn.content) for turn in turns)


class GenerationOptions(Message):
    """Wishes about how to generate; what a model cannot do is dropped.

    `smaller`: by the smaller model that was offered in place of a refusal, for which there are tokens of their own; it
    counts before `model`.
    """

    model: Annotated[str, Field(max_length=MODEL_MAX_CHARACTERS)] | None = None
    smaller: bool = False
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None


class Generate(Message):
    """Start a generation. `id` is made by the client: sent again, it answers with a replay and starts nothing.

    `traceparent`: of the client's own trace (W3C Trace Context); one that is none is ignored.
    """

    type: Literal["generate"] = "generate"
    id: UUID
    action: Annotated[str, Field(max_length=ACTION_MAX_CHARACTERS)]
    input: GenerationInput = GenerationInput()
    anchor: Annotated[JsonValue, Field(json_schema_extra={"tsType": "unknown"})] = None
    visibility: Literal["shared", "private"] = "shared"
    options: GenerationOptions = GenerationOptions()
    traceparent: Annotated[str | None, Field(max_length=TRACEPARENT_MAX_CHARACTERS)] = None

    @field_validator("anchor")
    @classmethod
    def _is_small(cls, anchor: JsonValue) -> JsonValue:
        if len(json.dumps(anchor, ensure_ascii=False).encode()) > ANCHOR_MAX_BYTES:
            raise ValueError(f"anchor is larger than {ANCHOR_MAX_BYTES} bytes")
        return anchor


class Cancel(Message):
    """Stop a generation. Leaving the socket does not."""

    type: Literal["cancel"] = "cancel"
    id: UUID


class Resume(Message):
    """Replay what came after these positions, then go on live."""

    type: Literal["resume"] = "resume"
    after: Cursors


class Ack(Message):
    """How far each generation was rendered. The positions stand in the frame itself, or under `after`."""

    type: Literal["ack"] = "ack"
    after: Cursors

    @model_validator(mode="before")
    @classmethod
    def _gather_positions(cls, frame: Any) -> Any:
        if isinstance(frame, dict) and "after" not in frame:
            positions = {name: value for name, value in frame.items() if name != "type"}
            return {"type": frame.get("type"), "after": positions}
        return frame


class Verdict(Message):
    """A decision about a suggestion, or about one edit of it."""

    edit_id: Annotated[str, Field(max_length=64)] | None = None
    decision: Literal["accepted", "rejected", "edited"]
    final_text: Annotated[str, Field(max_length=FINAL_TEXT_MAX_CHARACTERS)] | None = None


class Decide(Verdict):
    """What somebody decided about a suggestion, finished or not, or about one edit of it."""

    type: Literal["decide"] = "decide"
    id: UUID


class Ping(Message):
    """Answered by `pong` with the same nonce."""

    type: Literal["ping"] = "ping"
    nonce: Annotated[str, Field(max_length=64)] | int | None = None


class Token(Message):
    """Renews a socket that a program opened with a token, before that one ends."""

    type: Literal["token"] = "token"
    token: Annotated[str, Field(max_length=TOKEN_MAX_CHARACTERS)]


ClientMessages = Generate | Cancel | Resume | Ack | Decide | Ping | Token
ClientMessage = Annotated[ClientMessages, Field(discriminator="type")]
_client_message: TypeAdapter[ClientMessages] = TypeAdapter(ClientMessage)

_SURROGATE_OR_NUL = re.compile(r"\\u(?:d[89a-f]|0000)", re.IGNORECASE)


def parse_client_message(frame: str) -> ClientMessages:
    """Return the message in a text frame. Raises Invalid with the first thing that is wrong, never with its text.

    Half a surrogate pair (a browser cut an emoji in two) becomes U+FFFD; NUL, which PostgreSQL cannot store, goes.
    """
    try:
        content = json.loads(frame)
        if _SURROGATE_OR_NUL.search(frame):
            content = _storable(content)
        return _client_message.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise Invalid(f"{where}: {first['msg']}" if where else first["msg"]) from None
    except (ValueError, RecursionError):
        raise Invalid("The frame is not a JSON object.") from None


def _storable(content: Any) -> Any:
    if isinstance(content, str):
        return content.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(content, list):
        return [_storable(item) for item in content]
    if isinstance(content, dict):
        return {_storable(name): _storable(value) for name, value in content.items()}
    return content


# ---------------------------------------------------------------- server to client, about one socket


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
    limit_tokens: int | None = Field(default=None, exclude_if=_absent)
    window: Literal["day", "week", "month"] | None = Field(default=None, exclude_if=_absent)
    payer: Literal["team"] | None = Field(default=None, exclude_if=_absent)
    smaller_tokens: int | None = Field(default=None, exclude_if=_absent)


class Limits(Message):
    """The limits a client should know before it runs into them."""

    frame_bytes: int
    input_characters: int
    anchor_bytes: int
    max_output_tokens: int
    generations_per_minute: int
    concurrent_generations: int
    unacknowledged_events: int


class ModelChoice(Message):
    """A model that `options.model` may name."""

    name: str
    demo: bool


class OpenGeneration(Message):
    """A generation that is still running, or waits for a decision; `seq` is its last event so far."""

    id: UUID
    action: str
    user: Person
    anchor: JsonValue
    seq: int
    conversation: UUID | None = Field(default=None, exclude_if=_absent)


class Unavailable(Message):
    """An action that this person cannot ask for here at present. `reason`: a sentence for them."""

    action: str
    reason: str


class PolicyHeld(Message):
    """What one level holds: in words, who set it for whom, and why. Set by administrators, nobody is named."""

    level: Literal["installation", "tier", "team", "document"]
    says: list[str]
    by: str
    reason: str


class PolicyInForce(Message):
    """What policies hold here for this person: of every field the strictest of the levels `held`.

    `refusal`: why nothing at all may be asked for, in words; empty where something may. What may not is `unavailable`.
    """

    mode: Literal["full", "suggestions", "off"]
    routes: Literal["any", "local"]
    spenders: Literal["everyone", "editors", "owners"]
    screening: Literal["usual", "strict"]
    after_checks: Literal["none", "transcripts", "everything"]
    refusal: str
    held: list[PolicyHeld]


class Hello(Message):
    """The first frame of every socket.

    `undecided`: shared generations that ended well and that nobody has decided about; `resume` replays them.
    `unavailable`: every other action may be asked for. `comments`: the version of the document's comments, which REST
    lists.
    """

    type: Literal["hello"] = "hello"
    protocol: Literal[1] = 1
    user: Person
    role: Literal["owner", "editor", "commenter", "viewer"]
    limits: Limits
    quota: Quota
    models: list[ModelChoice]
    open: list[OpenGeneration]
    undecided: list[OpenGeneration]
    unavailable: list[Unavailable]
    policy: PolicyInForce
    comments: int


class ActionsChanged(Message):
    """What this person may ask for changed while the socket was open. `unavailable`: as in `hello`."""

    type: Literal["actions"] = "actions"
    unavailable: list[Unavailable]


class PolicyChanged(PolicyInForce):
    """What policies hold here changed while the socket was open."""

    type: Literal["policy"] = "policy"


class RoleChanged(Message):
    """What this person may do in the document changed while the socket was open."""

    type: Literal["role"] = "role"
    role: Literal["owner", "editor", "commenter", "viewer"]


class QuotaChanged(Quota):
    """Sent after every settlement."""

    type: Literal["quota"] = "quota"


class ConversationChanged(Message):
    """A conversation began, has a new question, name or visibility, or is gone: look it up again."""

    type: Literal["conversation"] = "conversation"
    id: UUID


class CommentsChanged(Message):
    """Something was said, changed, resolved or removed in a thread of comments: look it up again.

    `version` counts such changes of the document; where one was not told, all threads are to be looked up. `thread`:
    null where it may be any.
    """

    type: Literal["comments"] = "comments"
    version: int
    thread: UUID | None


class Withdrawn(Message):
    """A reviewer has removed an answer: what of it nobody accepted is to be shown no more. No event of its log."""

    type: Literal["withdrawn"] = "withdrawn"
    id: UUID


class Reviewed(Message):
    """A reviewer has decided about a request of this person that was held (`held_input`). `id`: that request's.

    Released, it runs as a new generation, which this socket hears of like of any other. `message`: a sentence for them.
    """

    type: Literal["reviewed"] = "reviewed"
    id: UUID
    action: str
    decision: Literal["released", "refused"]
    message: str


class Pong(Message):
    type: Literal["pong"] = "pong"
    nonce: str | int | None


class Offer(Message):
    """What can be had although there are not enough tokens: the same with `options.smaller`, or in the browser.

    `remaining_tokens`: what is left for smaller models.
    """

    kind: Literal["smaller_model", "in_browser"]
    model: str | None = Field(default=None, exclude_if=_absent)
    remaining_tokens: int | None = Field(default=None, exclude_if=_absent)


class Error(Message):
    """A request was refused. `id` is the request's, where it is known. `offer`: of `quota_exceeded`."""

    type: Literal["error"] = "error"
    id: UUID | None = Field(default=None, exclude_if=_absent)
    code: ErrorCode
    message: str
    retryable: bool = False
    retry_after: float | None = Field(default=None, exclude_if=_absent)
    offer: Offer | None = Field(default=None, exclude_if=_absent)


# ---------------------------------------------------------------- server to client, events of a generation


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
    conversation: UUID | None = Field(default=None, exclude_if=_absent)


class Chunk(Event):
    """Text added to the answer. `span`: this frame stands for that many events, of which `seq` is the last."""

    type: Literal["chunk"] = "chunk"
    text: str
    span: int | None = Field(default=None, exclude_if=_absent)


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
    quota: Quota | None = Field(default=None, exclude_if=_absent)
    edits: EditCounts | None = Field(default=None, exclude_if=_absent)
    notes: list[Note] | None = Field(default=None, exclude_if=_absent)


class Failed(Event):
    """The generation ended badly. Text that came before stays: `partial`."""

    type: Literal["failed"] = "failed"
    code: ErrorCode
    message: str
    retryable: bool
    retry_after: float | None = Field(default=None, exclude_if=_absent)
    partial: bool


class Cancelled(Event):
    """Somebody stopped the generation after `characters` characters."""

    type: Literal["cancelled"] = "cancelled"
    characters: int


class Decided(Event):
    """Somebody decided, while the generation streamed or after its end."""

    type: Literal["decided"] = "decided"
    edit_id: str | None = Field(default=None, exclude_if=_absent)
    decision: Literal["accepted", "rejected", "edited"]
    user: Person


GenerationEvent = Annotated[
    Started | Chunk | Edit | Status | Citation | Done | Failed | Cancelled | Decided, Field(discriminator="type")
]
ServerMessage = Annotated[
    Hello
    | ActionsChanged
    | PolicyChanged
    | RoleChanged
    | QuotaChanged
    | ConversationChanged
    | CommentsChanged
    | Withdrawn
    | Reviewed
    | Pong
    | Error
    | Started
    | Chunk
    | Edit
    | Status
    | Citation
    | Done
    | Failed
    | Cancelled
    | Decided,
    Field(discriminator="type"),
]
_event: TypeAdapter[Any] = TypeAdapter(GenerationEvent)
END_TYPES = frozenset({"done", "failed", "cancelled"})


def json_schema(definitions_at: str = "#/$defs/") -> dict[str, Any]:
    """Return the JSON schema of both directions: `$defs`, and under `properties` the unions `client` and `server`.

    `definitions_at`: where references say that the `$defs` are.
    """
    template = definitions_at + "{model}"
    client = TypeAdapter(ClientMessage).json_schema(mode="validation", ref_template=template)
    server = TypeAdapter(ServerMessage).json_schema(mode="serialization", ref_template=template)
    definitions = client.pop("$defs") | server.pop("$defs")
    for definition in definitions.values():
        if "type" in definition.get("properties", {}):
            definition["required"] = ["type", *definition.get("required", [])]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "AssistantMessages",
        "type": "object",
        "properties": {"client": {"title": "ClientMessage", **client}, "server": {"title": "ServerMessage", **server}},
        "required": ["client", "server"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def parse_event(stored: Any) -> Event:
    """Return the event that was stored as `model_dump(mode="json")`."""
    event: Event = _event.validate_python(stored)
    return event
