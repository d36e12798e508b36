"""REST: comments on a document's passages, in threads. The first comment of a thread has the thread's id."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from apps.accounts.authentication import DOCUMENTS, caller
from apps.accounts.models import User
from apps.core.errors import Conflict, NotFound
from apps.core.paging import PAGED, PageFilter, PageOutput, counted, page_of
from apps.core.problems import refused_with
from apps.documents import comments
from apps.documents.access import Access, access_document
from apps.documents.comments import Words
from apps.documents.mentions import who_can_be_mentioned
from apps.documents.models import Comment, CommentThread, Document, Role

router = Router(auth=DOCUMENTS, tags=["comments"])

THREAD = "/{uuid:document_id}/comments/{uuid:thread_id}/"
COMMENT = THREAD + "replies/{uuid:comment_id}/"
ALICE = "b7e0c9a2-51d3-4c55-8f3e-0a9d6f21c8e4"
ANCHOR: JsonDict = {"start": "Bwo3Aw==", "end": "Bwo3CQ==", "before": "The ", "after": " waits"}

Body = Annotated[str, Field(min_length=1, max_length=settings.COMMENT_MAX_CHARACTERS)]
Mentions = Annotated[list[UUID], Field(max_length=settings.COMMENT_MENTIONS_MAX)]
Place = Annotated[str, Field(max_length=settings.COMMENT_ANCHOR_MAX_CHARACTERS)]


class Input(Schema):
    model_config = ConfigDict(extra="forbid")


class AnchorInput(Input):
    """Where the passage is: two encoded Yjs relative positions (base64), and some characters on either side of it."""

    start: Place
    end: Place
    before: Place = ""
    after: Place = ""


class CommentInput(Input):
    """`id`: of your making; sent again with it, the same is said once. `mentions`: ids of people in the document."""

    id: UUID | None = None
    body: Body
    mentions: Mentions = []


class ThreadInput(CommentInput):
    """`anchor`: null where the whole document is meant. `quote`: what stands there now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"anchor": ANCHOR, "quote": "heron", "body": "Grey or white?", "mentions": [ALICE]}
        }
    )

    anchor: AnchorInput | None = None
    quote: Annotated[str, Field(max_length=settings.COMMENT_QUOTE_MAX_CHARACTERS)] = ""


class ThreadChange(Input):
    """What is left out stays. `anchor`: where the passage is now; by who may edit, or began the thread."""

    model_config = ConfigDict(json_schema_extra={"example": {"resolved": True}})

    resolved: bool | None = None
    anchor: AnchorInput | None = None


class CommentChange(Input):
    """What one has said oneself, in other words."""

    body: Body
    mentions: Mentions = []


class CommenterOutput(Schema):
    id: UUID
    name: str
    color: str


class CommentOutput(Schema):
    """`user`: null where the account is gone. `body` is empty unless `state` is `shown`, but of `held` for its author.

    `state`: `removed` by who wrote it or an owner (`can_restore`: you may have it back), `held` until a reviewer has
    looked at it, `withheld` by one.
    """

    id: UUID
    user: CommenterOutput | None
    body: str
    mentions: list[CommenterOutput]
    state: Literal["shown", "removed", "held", "withheld"]
    can_restore: bool
    created_at: datetime
    edited_at: datetime | None


class ThreadOutput(Schema):
    """`comments`: oldest first. `quote`: what stood there when it began."""

    id: UUID
    anchor: AnchorInput | None
    quote: str
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: CommenterOutput | None
    comments: list[CommentOutput]


class ThreadListOutput(PageOutput):
    """Oldest first. `version`: of the document's comments, as in the socket's frames `hello` and `comments`."""

    items: list[ThreadOutput]
    version: int


class PeopleOutput(PageOutput):
    items: list[CommenterOutput]


class ThreadFilter(PageFilter):
    """`resolved`: only those that are, or are not."""

    resolved: bool | None = None


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


def _words(body: CommentInput) -> Words:
    return Words(body.id or uuid4(), body.body, body.mentions)


def _person(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": user.display_name, "color": user.caret_color}


def _state(comment: Comment) -> str:
    if comment.removed_at is not None:
        return "removed"
    return comment.hold or "shown"


def _comment(comment: Comment, access: Access, user: User, names: dict[UUID, User]) -> dict[str, Any]:
    state = _state(comment)
    is_readable = state == "shown" or (state == "held" and comment.author_id == user.pk)
    return {
        "id": comment.pk,
        "user": _person(comment.author) if comment.author else None,
        "body": comment.body if is_readable else "",
        "mentions": [_person(names[one]) for one in comment.mentions if one in names] if is_readable else [],
        "state": state,
        "can_restore": state == "removed"
        and comment.removed_by_id is not None
        and comments.can_restore(comment, user.pk, access.role),
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
    }


def _threads(found: Sequence[CommentThread], access: Access, user: User) -> list[dict[str, Any]]:
    names = _mentioned(comment for thread in found for comment in thread.comments.all())
    return [
        {
            "id": thread.pk,
            "anchor": thread.anchor,
            "quote": thread.quote,
            "created_at": thread.created_at,
            "resolved_at": thread.resolved_at,
            "resolved_by": _person(thread.resolved_by) if thread.resolved_by else None,
            "comments": [_comment(comment, access, user, names) for comment in thread.comments.all()],
        }
        for thread in found
    ]


def _mentioned(said: Iterable[Comment]) -> dict[UUID, User]:
    wanted = {one for comment in said for one in comment.mentions}
    return User.objects.in_bulk(wanted) if wanted else {}


def _rows(document: Document) -> QuerySet[CommentThread]:
    """Return the threads of a document that are not wholly removed, with all that is shown of them: two queries."""
    there = Comment.objects.filter(thread=OuterRef("pk"), removed_at=None)
    said = Comment.objects.select_related("author").order_by("created_at", "pk")
    threads = CommentThread.objects.filter(document=document).select_related("resolved_by")
    return threads.filter(Exists(there)).prefetch_related(Prefetch("comments", queryset=said))


def _shown(user: User, document_id: UUID, thread_id: UUID) -> dict[str, Any]:
    access = access_document(user, document_id)
    said = Comment.objects.select_related("author").order_by("created_at", "pk")
    found = CommentThread.objects.filter(pk=thread_id, document=access.document).select_related("resolved_by")
    thread = found.prefetch_related(Prefetch("comments", queryset=said)).first()
    if thread is None:
        raise NotFound(comments.NO_THREAD)
    return _threads([thread], access, user)[0]


def _shown_comment(user: User, document_id: UUID, comment: Comment) -> dict[str, Any]:
    return _comment(comment, access_document(user, document_id), user, _mentioned([comment]))


@router.get("/{uuid:document_id}/comments/", response=ThreadListOutput, openapi_extra=PAGED)
def list_all(request: HttpRequest, response: HttpResponse, document_id: UUID, filters: Query[ThreadFilter]) -> Any:
    access = access_document(caller(request), document_id)
    rows = _rows(access.document).order_by("created_at", "pk")
    if filters.resolved is not None:
        rows = rows.filter(resolved_at__isnull=not filters.resolved)
    page = page_of(rows, filters, request, response)
    return {
        "items": _threads(list(page), access, caller(request)),
        "version": access.document.comments_version,
        **counted(page),
    }


@router.post("/{uuid:document_id}/comments/", response={201: ThreadOutput, **refused_with(Conflict)})
def begin(request: HttpRequest, document_id: UUID, body: ThreadInput) -> Any:
    """Begin a thread about a passage. Who is mentioned is mailed, unless they do not want that."""
    anchor = body.anchor.model_dump() if body.anchor else None
    thread = comments.begin_thread(
        caller(request), document_id, _words(body), anchor=anchor, quote=body.quote, site=_site(request)
    )
    return Status(201, _shown(caller(request), document_id, thread.pk))


@router.get(THREAD, response=ThreadOutput)
def read(request: HttpRequest, document_id: UUID, thread_id: UUID) -> Any:
    return _shown(caller(request), document_id, thread_id)


@router.patch(THREAD, response=ThreadOutput)
def change(request: HttpRequest, document_id: UUID, thread_id: UUID, body: ThreadChange) -> Any:
    """Resolve or open it again, or say where its passage is now."""
    user = caller(request)
    if "anchor" in body.model_fields_set:
        anchor = body.anchor.model_dump() if body.anchor else None
        comments.move(user, document_id, thread_id, anchor=anchor)
    if body.resolved is not None:
        comments.resolve(user, document_id, thread_id, resolved=body.resolved)
    return _shown(user, document_id, thread_id)


@router.delete(THREAD, response={204: None})
def remove_thread(request: HttpRequest, document_id: UUID, thread_id: UUID) -> Any:
    """Remove its first comment; what others answered stays. A thread of which nothing is left is not listed."""
    comments.remove(caller(request), document_id, thread_id, thread_id)
    return Status(204, None)


@router.post(THREAD + "replies/", response={201: CommentOutput, **refused_with(Conflict)})
def reply(request: HttpRequest, document_id: UUID, thread_id: UUID, body: CommentInput) -> Any:
    """Say something in a thread; a resolved one is open again."""
    said = comments.reply(caller(request), document_id, thread_id, _words(body), site=_site(request))
    return Status(201, _shown_comment(caller(request), document_id, said))


@router.patch(COMMENT, response={200: CommentOutput, **refused_with(Conflict)})
def edit(request: HttpRequest, document_id: UUID, thread_id: UUID, comment_id: UUID, body: CommentChange) -> Any:
    """Change what one has said oneself: the first comment of a thread, or a reply."""
    said = comments.edit(
        *(caller(request), document_id, thread_id, comment_id),
        body=body.body,
        mentions=body.mentions,
        site=_site(request),
    )
    return _shown_comment(caller(request), document_id, said)


@router.delete(COMMENT, response={204: None})
def remove(request: HttpRequest, document_id: UUID, thread_id: UUID, comment_id: UUID) -> Any:
    """Remove what one has said oneself, or as an owner anything. A thread of which nothing is left is not listed."""
    comments.remove(caller(request), document_id, thread_id, comment_id)
    return Status(204, None)


@router.post(COMMENT + "restore", response={200: CommentOutput, **refused_with(Conflict)})
def restore(request: HttpRequest, document_id: UUID, thread_id: UUID, comment_id: UUID) -> Any:
    """Have a removed comment back."""
    said = comments.restore(caller(request), document_id, thread_id, comment_id)
    return _shown_comment(caller(request), document_id, said)


@router.get("/{uuid:document_id}/people/", response=PeopleOutput, openapi_extra=PAGED)
def list_people(request: HttpRequest, response: HttpResponse, document_id: UUID, filters: Query[PageFilter]) -> Any:
    """Who can be mentioned: everybody who can open the document, by name."""
    document = access_document(caller(request), document_id, role=Role.COMMENTER).document
    page = page_of(who_can_be_mentioned(document), filters, request, response)
    return {"items": [_person(one) for one in page], **counted(page)}
