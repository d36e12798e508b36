"""A document's text as REST answers with it."""

from enum import StrEnum
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from pycrdt import Doc

from apps.collaboration.content.docx import document_docx
from apps.collaboration.content.html import document_html
from apps.collaboration.content.making import file_name
from apps.collaboration.content.markdown import document_markdown
from apps.collaboration.content.pdf import document_pdf
from apps.collaboration.content.tree import as_json, read_blocks
from apps.collaboration.projection import plain_text
from apps.collaboration.reading import parts_of

SANDBOX = "default-src 'none'; img-src data:; sandbox"  # of a page that people wrote
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


class Format(StrEnum):
    """How a document's text can be asked for."""

    MARKDOWN = "markdown"
    HTML = "html"
    TEXT = "text"
    JSON = "json"
    DOCX = "docx"
    PDF = "pdf"


def content_answer(doc: "Doc[Any]", chosen: Format, title: str) -> HttpResponse:
    """Return what is read in `doc`; files are called by `title`. Raises TooLarge and FilesBusy."""
    answer = _answer(doc, chosen, title)
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
