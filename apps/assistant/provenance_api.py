"""REST: where a document's text comes from."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from ninja import Router, Schema

from apps.accounts.authentication import DOCUMENTS, caller
from apps.assistant.messages.common import Person
from apps.assistant.people import person
from apps.assistant.provenance import Origin, Provenance, Source, as_json, percent, read_provenance, read_source
from apps.assistant.provenance_html import as_html
from apps.core import deeds
from apps.llm.routes import is_demo

router = Router(auth=DOCUMENTS, tags=["provenance"])

# The page is to be kept, not opened here; if a browser opens it all the same, it can do nothing.
EXPORTED = {
    "application/json": {"schema": {"type": "object"}},
    "text/html": {"schema": {"type": "string"}},
}
EXPORT_POLICY = "default-src 'none'; img-src data:; style-src 'none'; sandbox"


class TakenOutput(Schema):
    decision: Literal["accepted", "edited"]
    user: Person
    created_at: datetime


class SourceOutput(Schema):
    """A generation that text was taken over from, and who did that."""

    id: UUID
    action: str
    model: str
    demo: bool
    user: Person
    created_at: datetime
    taken: list[TakenOutput]


class SpanOutput(Schema):
    """`generation`: as the text's mark says; `on_record`: somebody accepted text of it in this document."""

    origin: Origin
    block: int
    text: str
    generation: str
    on_record: bool


class ProvenanceOutput(Schema):
    """`characters` and `percent`: by origin. `spans`: what is not typed, in order."""

    made_at: datetime
    characters: dict[Origin, int]
    percent: dict[Origin, int]
    spans: list[SpanOutput]
    sources: list[SourceOutput]


def _source(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "action": source.action,
        "model": source.model,
        "demo": is_demo(source.model),
        "user": person(source.asked_by),
        "created_at": source.asked_at,
        "taken": [
            {"decision": one.decision, "user": person(one.user), "created_at": one.created_at} for one in source.taken
        ],
    }


def _provenance(record: Provenance) -> dict[str, Any]:
    return {
        "made_at": record.made_at,
        "characters": record.characters,
        "percent": {origin: percent(count, record.total) for origin, count in record.characters.items()},
        "spans": [
            {
                "origin": span.origin,
                "block": span.block,
                "text": span.text,
                "generation": span.generation,
                "on_record": span.generation in record.sources,
            }
            for span in record.spans
        ],
        "sources": [_source(source) for source in record.sources.values()],
    }


@router.get("/{uuid:document_id}/provenance", response=ProvenanceOutput)
def read(request: HttpRequest, document_id: UUID) -> Any:
    """Where the text comes from, as of now."""
    return _provenance(read_provenance(caller(request), document_id))


@router.get("/{uuid:document_id}/provenance/sources/{uuid:generation_id}", response=SourceOutput)
def read_one(request: HttpRequest, document_id: UUID, generation_id: UUID) -> Any:
    """Who took text over from a generation, and what wrote it; never what was asked."""
    return _source(read_source(caller(request), document_id, generation_id))


@router.get(
    "/{uuid:document_id}/provenance/export",
    response={200: Any},
    openapi_extra={"responses": {200: {"description": "The record in the chosen format.", "content": EXPORTED}}},
)
def export(request: HttpRequest, document_id: UUID, format: Literal["json", "html"] = "json") -> HttpResponse:
    """The record as a file: JSON, or the document as HTML with `ai-disclosure` attributes."""
    record = read_provenance(caller(request), document_id)
    deeds.tell("document.exported", target=("document", document_id), format=f"provenance as {format}")
    answer: HttpResponse
    if format == "html":
        answer = HttpResponse(as_html(record), content_type="text/html; charset=utf-8")
    else:
        answer = JsonResponse(as_json(record), json_dumps_params={"ensure_ascii": False, "indent": 1})
    name = slugify(record.document.title) or "document"
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}-provenance.{format}") or "attachment"
    answer["Content-Security-Policy"] = EXPORT_POLICY
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer
