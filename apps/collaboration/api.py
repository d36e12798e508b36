"""REST: a document's text."""

import re
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from ninja import Header, Router, Schema
from pycrdt import Doc

from apps.accounts.authentication import DOCUMENTS, caller
from apps.collaboration.content.docx import document_docx
from apps.collaboration.content.errors import FilesBusy, PreconditionFailed, UnsupportedMediaType
from apps.collaboration.content.html import document_html
from apps.collaboration.content.making import file_name
from apps.collaboration.content.markdown import document_markdown
from apps.collaboration.content.pdf import document_pdf
from apps.collaboration.content.services import merge_markdown, read_version
from apps.collaboration.content.tree import as_json, read_blocks
from apps.collaboration.projection import plain_text
from apps.collaboration.reading import parts_of
from apps.core.errors import Conflict, Invalid, TooLarge
from apps.core.problems import refused_with
from apps.documents.access import access_document
from apps.documents.models import Role

router = Router(auth=DOCUMENTS, tags=["documents"])

VERSION = re.compile(r'"([0-9]{1,18})"')
IF_MATCH = r'^(\*|"[0-9]{1,18}")$'
READ_TYPES = ("text/markdown", "text/plain")
SANDBOX = "default-src 'none'; img-src data:; sandbox"  # of a page that people wrote


class Format(StrEnum):
    """How a document's text can be asked for."""

    MARKDOWN = "markdown"
    HTML = "html"
    TEXT = "text"
    JSON = "json"
    DOCX = "docx"
    PDF = "pdf"


class MergedOutput(Schema):
    """`version`: of the document with the edit in it, as in `ETag`. `changed`: false where it read so before."""

    version: int
    changed: bool


DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = {"schema": {"type": "string"}}
OFFERED = {
    "text/markdown": TEXT,
    "text/html": TEXT,
    "text/plain": TEXT,
    "application/json": {"schema": {"type": "object"}},
    DOCX_TYPE: {"schema": {"type": "string", "format": "binary"}},
    "application/pdf": {"schema": {"type": "string", "format": "binary"}},
}
TAGGED = {"ETag": {"schema": {"type": "string"}, "description": "The document's version, for `If-Match`."}}


@router.get(
    "/{uuid:document_id}/content",
    response={200: Any, **refused_with(TooLarge, FilesBusy)},
    openapi_extra={
        "responses": {200: {"description": "The text in the chosen format.", "content": OFFERED, "headers": TAGGED}}
    },
)
def read_content(request: HttpRequest, document_id: UUID, format: Format = Format.MARKDOWN) -> HttpResponse:
    """A document's text as it is committed now. `json` is ProseMirror's form of it.

    Word and PDF files have the pictures that live in the document. A document too large for one is answered with 413.
    """
    document = access_document(caller(request), document_id).document
    version = read_version(document_id)
    answer = _answer(version.doc, format, document.title)
    answer["ETag"] = _tag(version.position)
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _answer(doc: "Doc[Any]", chosen: Format, title: str) -> HttpResponse:
    if chosen is Format.JSON:
        return JsonResponse({"type": "doc", "content": [as_json(block) for block in read_blocks(doc)]})
    if chosen is Format.DOCX:
        return _file(document_docx(read_blocks(doc), title), DOCX_TYPE, title, "docx")
    if chosen is Format.PDF:
        return _file(document_pdf(read_blocks(doc), title), "application/pdf", title, "pdf")
    if chosen is Format.HTML:
        headers = {"Content-Security-Policy": SANDBOX, "Content-Disposition": 'attachment; filename="document.html"'}
        return HttpResponse(document_html(parts_of(doc)), content_type="text/html; charset=utf-8", headers=headers)
    if chosen is Format.TEXT:
        return HttpResponse(plain_text(doc), content_type="text/plain; charset=utf-8")
    return HttpResponse(document_markdown(read_blocks(doc)), content_type="text/markdown; charset=utf-8")


def _file(content: bytes, content_type: str, title: str, suffix: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(True, f"{file_name(title)}.{suffix}") or ""
    return answer


@router.put(
    "/{uuid:document_id}/content",
    response={200: MergedOutput, **refused_with(Conflict, PreconditionFailed, UnsupportedMediaType)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"text/markdown": {"schema": {"type": "string"}, "example": "# A heron\n\nIt waits.\n"}},
        },
    },
)
def write_content(
    request: HttpRequest,
    document_id: UUID,
    response: HttpResponse,
    if_match: Annotated[str, Header(alias="If-Match", pattern=IF_MATCH)] = "*",
) -> Any:
    """Merge a Markdown text into the live document, as one edit: what does not change is not touched.

    With `If-Match` and the `ETag` of the text that was changed, what others wrote meanwhile stays; where that version
    is long gone, 412. Without, the document reads as the text does, and words of others that it lacks are removed.
    """
    access_document(caller(request), document_id, role=Role.EDITOR)
    if request.content_type not in READ_TYPES:
        raise UnsupportedMediaType("Send the text as text/markdown.")
    try:
        markdown = request.body.decode()
    except UnicodeDecodeError:
        raise Invalid("The text is not UTF-8.") from None
    merged = merge_markdown(document_id, markdown, user_id=caller(request).pk, base=_base(if_match))
    response["ETag"] = _tag(merged.position)
    return {"version": merged.position, "changed": merged.changed}


def _tag(position: int) -> str:
    return f'"{position}"'


def _base(if_match: str) -> int | None:
    found = VERSION.fullmatch(if_match)
    return int(found.group(1)) if found else None
