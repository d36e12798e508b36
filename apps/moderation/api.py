"""REST: reporting a document or a comment, and what became of one's reports. An answer's report is the assistant's."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Body, Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from apps.accounts.authentication import DOCUMENTS, caller
from apps.core.errors import RateLimited
from apps.core.problems import refused_with
from apps.moderation.models import Report
from apps.moderation.reports import answer_to, list_reports, report_comment, report_document

router = Router(auth=DOCUMENTS, tags=["reports"])


class ReportInput(Schema):
    """`note`: what reviewers should know; the reporter is not named to anybody but them."""

    model_config = ConfigDict(extra="forbid")

    reason: Literal["harmful", "hate", "sexual", "private", "false", "rights", "other"]
    note: Annotated[str, Field(max_length=settings.REPORT_NOTE_MAX_CHARACTERS)] = ""


class ReportOutput(Schema):
    """`target`: what was reported. `state`: `waiting` or `answered`. `answer`: in words."""

    id: UUID
    target: Literal["generation", "document", "comment"]
    target_id: str
    reason: str
    state: Literal["waiting", "answered"]
    answer: str
    created_at: datetime
    answered_at: datetime | None


class ReportListOutput(Schema):
    items: list[ReportOutput]
    count: int
    page: int
    pages: int


class ReportFilter(Schema):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=settings.DOCUMENT_LIST_PAGE_SIZE_MAX)] = settings.DOCUMENT_LIST_PAGE_SIZE


def shown(report: Report) -> dict[str, Any]:
    """Return a report as its reporter sees it."""
    return {
        "id": report.pk,
        "target": report.case.target_kind,
        "target_id": report.case.target_id,
        "reason": report.reason,
        "state": "answered" if report.answered_at else "waiting",
        "answer": answer_to(report),
        "created_at": report.created_at,
        "answered_at": report.answered_at,
    }


@router.post("/documents/{uuid:document_id}/reports", response={201: ReportOutput, **refused_with(RateLimited)})
def report_one(request: HttpRequest, document_id: UUID, body: Body[ReportInput]) -> Any:
    """Have reviewers look at a document. Again, while they have not: the words are replaced."""
    sent = report_document(caller(request), document_id, reason=body.reason, note=body.note)
    return Status(201, shown(sent))


@router.post(
    "/documents/{uuid:document_id}/comments/{uuid:thread_id}/replies/{uuid:comment_id}/reports",
    response={201: ReportOutput, **refused_with(RateLimited)},
)
def report_said(
    request: HttpRequest, document_id: UUID, thread_id: UUID, comment_id: UUID, body: Body[ReportInput]
) -> Any:
    """Have reviewers look at a comment: the first of a thread, or a reply. Again: the words are replaced."""
    reporter = caller(request)
    sent = report_comment(reporter, document_id, thread_id, comment_id, reason=body.reason, note=body.note)
    return Status(201, shown(sent))


@router.get("/reports/", response=ReportListOutput)
def list_own(request: HttpRequest, filters: Query[ReportFilter]) -> Any:
    """What the caller has reported, newest first, and what became of it."""
    page = list_reports(caller(request), page=filters.page, page_size=filters.page_size)
    return {
        "items": [shown(one) for one in page.object_list],
        "count": page.paginator.count,
        "page": page.number,
        "pages": page.paginator.num_pages,
    }
