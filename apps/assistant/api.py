"""REST: actions, models and generations."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Body, Header, Query, Router, Schema, Status
from pydantic import Field

from apps.accounts.authentication import ASSISTANT, caller, caller_key, entry_of
from apps.assistant.actions import ACTIONS
from apps.assistant.decisions import decide
from apps.assistant.ends import cancel_generation
from apps.assistant.errors import Withdrawn
from apps.assistant.event_stream import events_of, take_place
from apps.assistant.messages.client import ACTION_MAX_CHARACTERS, SEQ_MAX, Decide, Generate, Verdict
from apps.assistant.messages.common import Person
from apps.assistant.messages.events import Edit, Note, Usage
from apps.assistant.models import Generation
from apps.assistant.people import person
from apps.assistant.queries import list_generations, read_generation, refuse_withdrawn
from apps.assistant.reports import report_generation
from apps.assistant.services import start_generation
from apps.assistant.transcripts import edits_of
from apps.core.addresses import request_address
from apps.core.countries import request_country
from apps.core.errors import RateLimited
from apps.core.problems import refused_with
from apps.llm.routes import deployments, is_demo
from apps.moderation.api import ReportInput, ReportOutput, shown
from apps.moderation.errors import BlockedInput
from apps.quotas.errors import LimitsUnknown
from apps.quotas.rates import windows_of_origin

router = Router(auth=ASSISTANT, tags=["assistant"])

EVENT = {
    "type": "object",
    "description": "One event of the stream.",
    "properties": {
        "id": {"type": "string", "description": "Its `seq`."},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["id", "data"],
}


class ActionOutput(Schema):
    """`input`: the JSON schema of the request's `input`. `output`: what its answer comes as, chunks or edits."""

    name: str
    description: str
    input: dict[str, Any]
    output: Literal["text", "edits"]
    prompt_version: str
    max_tokens: int
    fast: bool


class ModelOutput(Schema):
    name: str
    demo: bool


class StartedOutput(Schema):
    id: UUID


class ListedGenerationOutput(Schema):
    """`status`: queued, running, done, failed or cancelled; `state` says the same."""

    id: UUID
    action: str
    status: str
    state: str
    visibility: str
    model: str
    demo: bool
    user: Person
    error_code: str
    created_at: datetime
    ended_at: datetime | None


class GenerationListOutput(Schema):
    items: list[ListedGenerationOutput]
    count: int
    page: int
    pages: int


class DecisionOutput(Schema):
    edit_id: str
    decision: str
    user: Person
    created_at: datetime


class GenerationOutput(ListedGenerationOutput):
    """`text` and `edits` are empty until the generation has ended, and when a reviewer has `withdrawn` it."""

    withdrawn: bool
    text: str
    edits: list[Edit]
    notes: list[Note]
    usage: Usage | None
    prompt_version: str
    request_id: str
    decisions: list[DecisionOutput]


class PageFilter(Schema):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=settings.DOCUMENT_LIST_PAGE_SIZE_MAX)] = settings.DOCUMENT_LIST_PAGE_SIZE


def _listed(generation: Generation) -> dict[str, Any]:
    return {
        "id": generation.pk,
        "action": generation.action,
        "status": generation.state,
        "state": generation.state,
        "visibility": generation.visibility,
        "model": generation.model,
        "demo": is_demo(generation.model),
        "user": person(generation.user),
        "error_code": generation.error_code,
        "created_at": generation.created_at,
        "ended_at": generation.ended_at,
    }


def _usage(generation: Generation) -> Usage | None:
    if generation.prompt_tokens is None or generation.completion_tokens is None:
        return None
    return Usage(prompt_tokens=generation.prompt_tokens, completion_tokens=generation.completion_tokens)


class GenerationFilter(PageFilter):
    action: Annotated[str, Field(max_length=ACTION_MAX_CHARACTERS)] = ""


@router.get("/actions", response=list[ActionOutput])
def actions(request: HttpRequest) -> Any:
    """What the assistant can do, with what each action takes."""
    return [
        {
            "name": action.name,
            "description": action.description,
            "input": action.input_schema(),
            "output": action.output,
            "prompt_version": action.prompt_version,
            "max_tokens": action.max_tokens,
            "fast": action.fast,
        }
        for action in ACTIONS.values()
        if action.offered
    ]


@router.get("/models", response=list[ModelOutput])
def models(request: HttpRequest) -> Any:
    """The models that `options.model` may name."""
    return [{"name": one.model, "demo": is_demo(one.model)} for one in deployments()]


@router.post(
    "/documents/{uuid:document_id}/generations/",
    response={202: StartedOutput, **refused_with(BlockedInput, LimitsUnknown)},
)
def start(request: HttpRequest, document_id: UUID, body: Body[Generate]) -> Any:
    """Start a generation: the same body as the socket's `generate`. The same `id` again starts nothing."""
    key = caller_key(request)
    windows = windows_of_origin(request_address(request), request_country(request), key.pk if key else None)
    generation, _ = start_generation(caller(request), document_id, body, windows=windows)
    return Status(202, {"id": generation.pk})


@router.get("/documents/{uuid:document_id}/generations/", response=GenerationListOutput)
def list_all(request: HttpRequest, document_id: UUID, filters: Query[GenerationFilter]) -> Any:
    """What the assistant was asked in a document, newest first; `action`: of one kind only."""
    page = list_generations(
        caller(request), document_id, action=filters.action, page=filters.page, page_size=filters.page_size
    )
    return {
        "items": [_listed(generation) for generation in page.object_list],
        "count": page.paginator.count,
        "page": page.number,
        "pages": page.paginator.num_pages,
    }


@router.get("/generations/{uuid:generation_id}/", response=GenerationOutput)
def read(request: HttpRequest, generation_id: UUID) -> Any:
    generation = read_generation(caller(request), generation_id)
    return {
        **_listed(generation),
        "text": "" if generation.withdrawn_at else generation.text or "",
        "edits": [] if generation.withdrawn_at else edits_of(generation),
        "notes": [] if generation.withdrawn_at else (generation.ending or {}).get("notes") or [],
        "withdrawn": generation.withdrawn_at is not None,
        "usage": _usage(generation),
        "prompt_version": generation.prompt_version,
        "request_id": generation.request_id,
        "decisions": [
            {
                "edit_id": decision.edit_id,
                "decision": decision.decision,
                "user": person(decision.user),
                "created_at": decision.created_at,
            }
            for decision in generation.decisions.select_related("user").order_by("pk")
        ],
    }


@router.get(
    "/generations/{uuid:generation_id}/events",
    response={200: str, 204: None, **refused_with(Withdrawn)},
    openapi_extra={
        "responses": {
            200: {
                "description": "Server-sent events: `id` is `seq`, `data` the same JSON as the socket's events.",
                "content": {"text/event-stream": {"schema": EVENT}},
            },
            204: {"description": "The generation has ended and there is nothing after `Last-Event-ID`."},
        }
    },
)
def events(
    request: HttpRequest,
    generation_id: UUID,
    last_event_id: Annotated[int, Header(alias="Last-Event-ID", ge=0, le=SEQ_MAX)] = 0,
) -> HttpResponse | StreamingHttpResponse:
    """Follow a generation. The stream ends with it; 204 tells an EventSource not to come back."""
    user = caller(request)
    generation = read_generation(user, generation_id)
    refuse_withdrawn(generation)
    if generation.is_ended and last_event_id >= generation.last_seq:
        return HttpResponse(status=204)
    return StreamingHttpResponse(
        events_of(entry_of(request), generation, take_place(user.pk), after=last_event_id),
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.post("/generations/{uuid:generation_id}/cancel", response={202: None})
def cancel(request: HttpRequest, generation_id: UUID) -> Any:
    """Have it stopped; its end tells that it was. Nothing happens to one that has ended."""
    user = caller(request)
    generation = read_generation(user, generation_id)
    cancel_generation(user, generation.document_id, generation_id)
    return Status(202, None)


@router.post("/generations/{uuid:generation_id}/decisions", response={201: None})
def make_decision(request: HttpRequest, generation_id: UUID, body: Body[Verdict]) -> Any:
    """Say what was decided about a suggestion; everybody in the document hears of it."""
    user = caller(request)
    generation = read_generation(user, generation_id)
    decide(user, generation.document_id, Decide(id=generation_id, **body.model_dump()))
    return Status(201, None)


@router.post("/generations/{uuid:generation_id}/reports", response={201: ReportOutput, **refused_with(RateLimited)})
def report(request: HttpRequest, generation_id: UUID, body: Body[ReportInput]) -> Any:
    """Have reviewers look at an answer. Again, while they have not: the words are replaced."""
    sent = report_generation(caller(request), generation_id, reason=body.reason, note=body.note)
    return Status(201, shown(sent))
