"""What clients send on the assistant socket."""

import json
import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue, TypeAdapter, ValidationError, field_validator, model_validator

from apps.core.errors import Invalid
from apps.core.messages import Message

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
