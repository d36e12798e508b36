"""REST: a document's text."""

import re
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router, Schema

from apps.accounts.authentication import DOCUMENTS, caller
from apps.collaboration.answers import OFFERED, Format, content_answer
from apps.collaboration.content.errors import FilesBusy, PreconditionFailed, UnsupportedMediaType
from apps.collaboration.content.services import merge_markdown, read_version
from apps.core.errors import Conflict, Invalid, TooLarge
from apps.core.problems import refused_with
from apps.documents.access import access_document
from apps.documents.models import Role

router = Router(auth=DOCUMENTS, tags=["documents"])

VERSION = re.compile(r'"([0-9]{1,18})"')
IF_MATCH = r'^(\*|"[0-9]{1,18}")$'
READ_TYPES = ("text/markdown", "text/plain")


class MergedOutput(Schema):
    """`version`: of the document with the edit in it, as in `ETag`. `changed`: false where it read so before."""

    version: int
    changed: bool


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
    answer = content_answer(version.doc, format, document.title)
    answer["ETag"] = _tag(version.position)
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
