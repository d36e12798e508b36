"""What the server tells one assistant socket. Such frames are in no log, and are not replayed."""

from typing import Literal
from uuid import UUID

from pydantic import Field, JsonValue

from apps.assistant.messages.common import ErrorCode, Person, Quota, absent
from apps.core.messages import Message

PROTOCOL = 1
SUBPROTOCOL = "interline.v1"


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
    conversation: UUID | None = Field(default=None, exclude_if=absent)


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
    model: str | None = Field(default=None, exclude_if=absent)
    remaining_tokens: int | None = Field(default=None, exclude_if=absent)


class Error(Message):
    """A request was refused. `id` is the request's, where it is known. `offer`: of `quota_exceeded`."""

    type: Literal["error"] = "error"
    id: UUID | None = Field(default=None, exclude_if=absent)
    code: ErrorCode
    message: str
    retryable: bool = False
    retry_after: float | None = Field(default=None, exclude_if=absent)
    offer: Offer | None = Field(default=None, exclude_if=absent)


SocketMessages = (
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
)
