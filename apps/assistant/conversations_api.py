"""REST: conversations about a document and their messages. Asking is a generation (`api.py`, action `chat`)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from apps.accounts.authentication import ASSISTANT, caller
from apps.accounts.models import User
from apps.assistant import conversations
from apps.assistant.conversations import TITLE_MAX_CHARACTERS
from apps.assistant.messages.common import Person
from apps.assistant.messages.events import Note
from apps.assistant.models import Conversation, State, Turn
from apps.assistant.people import person
from apps.assistant.queries import WITHDRAWN
from apps.core.errors import Conflict
from apps.core.problems import refused_with
from apps.llm.routes import is_demo

router = Router(auth=ASSISTANT, tags=["conversations"])

Title = Annotated[str, Field(max_length=TITLE_MAX_CHARACTERS)]
VisibilityName = Literal["shared", "private"]


class ConversationInput(Schema):
    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    visibility: VisibilityName = "private"


class ConversationChange(Schema):
    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    visibility: VisibilityName | None = None


class ConversationOutput(Schema):
    """`title` is empty until somebody gave one or asked; `own`: yours to share and delete."""

    id: UUID
    title: str
    visibility: VisibilityName
    user: Person
    own: bool
    created_at: datetime
    asked_at: datetime


class ConversationListOutput(Schema):
    items: list[ConversationOutput]
    count: int
    page: int
    pages: int


REMOVED = {"code": "withdrawn", "message": WITHDRAWN, "retryable": False}


class MessageFailure(Schema):
    code: str
    message: str
    retryable: bool


class MessageOutput(Schema):
    """A question with its answer. `id` is the answer's generation, `parent` the answer that it follows.

    `text` is empty while the answer is being written: its events are on the socket.
    """

    id: UUID
    parent: UUID | None
    user: Person
    question: str
    quote: str
    about: UUID | None
    state: str
    text: str
    model: str
    demo: bool
    failure: MessageFailure | None
    notes: list[Note]
    created_at: datetime


class MessageListOutput(Schema):
    """Oldest first. `more`: there are older ones, to be asked for with `before` the first one's id."""

    items: list[MessageOutput]
    more: bool


class PageFilter(Schema):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=settings.DOCUMENT_LIST_PAGE_SIZE_MAX)] = settings.DOCUMENT_LIST_PAGE_SIZE


class MessageFilter(Schema):
    before: UUID | None = None
    page_size: Annotated[int, Field(ge=1, le=settings.ASSISTANT_MESSAGES_PAGE_SIZE_MAX)] = (
        settings.ASSISTANT_MESSAGES_PAGE_SIZE
    )


def _conversation(conversation: Conversation, user: User) -> dict[str, Any]:
    return {
        "id": conversation.pk,
        "title": conversation.title,
        "visibility": conversation.visibility,
        "user": person(conversation.user),
        "own": conversation.user_id == user.pk,
        "created_at": conversation.created_at,
        "asked_at": conversation.asked_at,
    }


def _message(turn: Turn) -> dict[str, Any]:
    generation = turn.generation
    asked = generation.input
    messages = asked.get("messages") or [{}]
    ending = generation.ending or {}
    return {
        "id": generation.pk,
        "parent": turn.parent.generation_id if turn.parent else None,
        "user": person(generation.user),
        "question": messages[-1].get("content", ""),
        "quote": asked.get("selection") or "",
        "about": asked.get("about"),
        "state": State.FAILED if generation.withdrawn_at else generation.state,
        "text": "" if generation.withdrawn_at else generation.text or "",
        "model": generation.model,
        "demo": is_demo(generation.model),
        "failure": REMOVED if generation.withdrawn_at else ending if ending.get("type") == "failed" else None,
        "notes": [] if generation.withdrawn_at else ending.get("notes") or [],
        "created_at": generation.created_at,
    }


@router.get("/{uuid:document_id}/conversations/", response=ConversationListOutput)
def list_all(request: HttpRequest, document_id: UUID, filters: Query[PageFilter]) -> Any:
    """Those you may see, last asked in first."""
    user = caller(request)
    page = conversations.list_conversations(user, document_id, page=filters.page, page_size=filters.page_size)
    return {
        "items": [_conversation(one, user) for one in page.object_list],
        "count": page.paginator.count,
        "page": page.number,
        "pages": page.paginator.num_pages,
    }


@router.post("/{uuid:document_id}/conversations/", response={201: ConversationOutput, **refused_with(Conflict)})
def create(request: HttpRequest, document_id: UUID, body: ConversationInput) -> Any:
    user = caller(request)
    made = conversations.create_conversation(user, document_id, title=body.title, visibility=body.visibility)
    return Status(201, _conversation(made, user))


@router.get("/{uuid:document_id}/conversations/{uuid:conversation_id}/", response=ConversationOutput)
def read(request: HttpRequest, document_id: UUID, conversation_id: UUID) -> Any:
    user = caller(request)
    return _conversation(conversations.find_conversation(user, document_id, conversation_id), user)


@router.patch(
    "/{uuid:document_id}/conversations/{uuid:conversation_id}/",
    response={200: ConversationOutput, **refused_with(Conflict)},
)
def change(request: HttpRequest, document_id: UUID, conversation_id: UUID, body: ConversationChange) -> Any:
    """Rename, share with everybody in the document (`shared`) or take back (`private`)."""
    user = caller(request)
    changed = conversations.change_conversation(
        user, document_id, conversation_id, title=body.title, visibility=body.visibility
    )
    return _conversation(changed, user)


@router.delete(
    "/{uuid:document_id}/conversations/{uuid:conversation_id}/", response={204: None, **refused_with(Conflict)}
)
def delete(request: HttpRequest, document_id: UUID, conversation_id: UUID) -> Any:
    """Hide it at once; until it is erased it can be restored."""
    conversations.delete_conversation(caller(request), document_id, conversation_id)
    return Status(204, None)


@router.post("/{uuid:document_id}/conversations/{uuid:conversation_id}/restore", response=ConversationOutput)
def restore(request: HttpRequest, document_id: UUID, conversation_id: UUID) -> Any:
    user = caller(request)
    return _conversation(conversations.restore_conversation(user, document_id, conversation_id), user)


@router.get("/{uuid:document_id}/conversations/{uuid:conversation_id}/messages/", response=MessageListOutput)
def list_messages(request: HttpRequest, document_id: UUID, conversation_id: UUID, filters: Query[MessageFilter]) -> Any:
    """The last ones, or those before the message `before`."""
    conversation = conversations.find_conversation(caller(request), document_id, conversation_id)
    page = conversations.list_turns(conversation, before=filters.before, page_size=filters.page_size)
    return {"items": [_message(turn) for turn in page.turns], "more": page.more}


@router.get(
    "/{uuid:document_id}/conversations/{uuid:conversation_id}/messages/{uuid:message_id}/", response=MessageOutput
)
def read_message(request: HttpRequest, document_id: UUID, conversation_id: UUID, message_id: UUID) -> Any:
    conversation = conversations.find_conversation(caller(request), document_id, conversation_id)
    return _message(conversations.find_turn(conversation, message_id))
