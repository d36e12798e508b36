"""REST: a document's versions."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from apps.accounts.authentication import DOCUMENTS, caller
from apps.accounts.models import User
from apps.collaboration.answers import OFFERED, Format, content_answer
from apps.collaboration.content.errors import FilesBusy
from apps.collaboration.models import VERSION_NAME_MAX_CHARACTERS, DocumentVersion, VersionKind
from apps.collaboration.projection import title
from apps.collaboration.versions.making import version_doc
from apps.collaboration.versions.naming import name_version, rename_version
from apps.collaboration.versions.queries import find_version, list_versions
from apps.collaboration.versions.restoring import restore_version
from apps.collaboration.versions.thinning import remove_version
from apps.core.errors import Conflict, TooLarge
from apps.core.paging import PAGED, PageFilter, PageOutput, counted, page_of
from apps.core.problems import refused_with
from apps.documents.access import access_document
from apps.documents.models import Role

router = Router(auth=DOCUMENTS, tags=["versions"])

NUMBER_MAX = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=VERSION_NAME_MAX_CHARACTERS, pattern=r"^[^\x00]*$"
    ),
]
EXAMPLE: dict[str, Any] = {
    "number": 12,
    "kind": "named",
    "name": "Sent to Ada",
    "created_at": "2026-11-28T10:15:00Z",
    "authors": [{"id": "5d7f6a3e-7a3c-4a9b-9c1e-0d9a7f3a1b2c", "name": "Ada", "color": "#9f3a38"}],
    "made_by": {"id": "5d7f6a3e-7a3c-4a9b-9c1e-0d9a7f3a1b2c", "name": "Ada", "color": "#9f3a38"},
    "restored_from": None,
}


class NameInput(Schema):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Sent to Ada"}})

    name: Name


class NameChange(Schema):
    """`name`: "" takes it away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Sent to Ada, twice"}})

    name: Name | Literal[""]


class WriterOutput(Schema):
    """Somebody as others in a document see them."""

    id: UUID
    name: str
    color: str


class VersionOutput(Schema):
    """`authors`: of what came since the version before. `made_by`: who named or restored it.

    `kind`: how it came to be. `restored_from`: the number of the version that was brought back with it.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    number: int
    kind: VersionKind
    name: str
    created_at: datetime
    authors: list[WriterOutput]
    made_by: WriterOutput | None
    restored_from: int | None


class OneVersionOutput(VersionOutput):
    """`title`: of the document then."""

    title: str


class VersionsOutput(PageOutput):
    """The newest first."""

    items: list[VersionOutput]


class RestoredOutput(Schema):
    """`changed`: false where the document read so already. `before`: the version that reads as it did until now.

    `made`: the number of the version it reads as now, null where nothing changed. `version`: as in the `ETag` of the
    content.
    """

    model_config = ConfigDict(
        json_schema_extra={"example": {"version": 418, "changed": True, "before": 13, "made": 14}}
    )

    version: int
    changed: bool
    before: int
    made: int | None


class VersionFilter(PageFilter):
    page_size: Annotated[int, Field(ge=1, le=settings.VERSION_PAGE_SIZE_MAX)] = settings.VERSION_PAGE_SIZE


def _described(versions: list[DocumentVersion]) -> list[dict[str, Any]]:
    ids = {person for version in versions for person in (*version.author_ids, version.made_by_id) if person}
    people = {user.pk: _person(user) for user in User.objects.filter(pk__in=ids)}
    return [
        {
            "number": version.number,
            "kind": version.kind,
            "name": version.name,
            "created_at": version.created_at,
            "authors": [people[author] for author in version.author_ids if author in people],
            "made_by": people.get(version.made_by_id) if version.made_by_id else None,
            "restored_from": version.restored_from,
        }
        for version in versions
    ]


def _person(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": user.display_name, "color": user.caret_color}


@router.get("/{uuid:document_id}/versions/", response=VersionsOutput, openapi_extra=PAGED)
def list_all(request: HttpRequest, document_id: UUID, response: HttpResponse, filters: Query[VersionFilter]) -> Any:
    """The versions there are, the newest first. They come by themselves when the document rests.

    The older they get, the fewer are kept, but for those with a name.
    """
    access_document(caller(request), document_id)
    page = page_of(list_versions(document_id), filters, request, response)
    return {**counted(page), "items": _described(list(page.object_list))}


@router.post("/{uuid:document_id}/versions/", response={201: VersionOutput, **refused_with(Conflict)})
def name_now(request: HttpRequest, document_id: UUID, body: NameInput) -> Any:
    """Name the document as it is now. Versions with a name stay."""
    access_document(caller(request), document_id, role=Role.EDITOR)
    version = name_version(document_id, body.name, user_id=caller(request).pk)
    return Status(201, _described([version])[0])


@router.get(
    "/{uuid:document_id}/versions/{int:number}/",
    response={200: OneVersionOutput, **refused_with(TooLarge, FilesBusy)},
    openapi_extra={"responses": {200: {"content": {kind: OFFERED[kind] for kind in OFFERED if "json" not in kind}}}},
)
def read_one(request: HttpRequest, document_id: UUID, number: Number, format: Format | None = None) -> Any:
    """A version, or with `format` what it reads: as a document's content is read."""
    access_document(caller(request), document_id)
    version = find_version(document_id, number)
    doc = version_doc(version)
    if format is not None:
        return content_answer(doc, format, title(doc))
    return {**_described([version])[0], "title": title(doc)}


@router.patch("/{uuid:document_id}/versions/{int:number}/", response={200: VersionOutput, **refused_with(Conflict)})
def rename(request: HttpRequest, document_id: UUID, number: Number, body: NameChange) -> Any:
    """Give a version a name, another one, or (with "") none any more."""
    access_document(caller(request), document_id, role=Role.EDITOR)
    version = rename_version(document_id, number, body.name, user_id=caller(request).pk)
    return _described([version])[0]


@router.delete("/{uuid:document_id}/versions/{int:number}/", response={204: None})
def remove(request: HttpRequest, document_id: UUID, number: Number) -> Any:
    """Remove a version for good. The owner's."""
    access_document(caller(request), document_id, role=Role.OWNER)
    remove_version(document_id, number, user_id=caller(request).pk)
    return Status(204, None)


@router.post(
    "/{uuid:document_id}/versions/{int:number}/restore",
    response={200: RestoredOutput, **refused_with(Conflict, TooLarge)},
)
def restore(request: HttpRequest, document_id: UUID, number: Number) -> Any:
    """Make the document read as this version does, by one more edit beside everybody's.

    What it reads until then is in the version `before`: restore that one to undo it.
    """
    access_document(caller(request), document_id, role=Role.EDITOR)
    restored = restore_version(document_id, number, user_id=caller(request).pk)
    made = restored.version
    return {
        "version": restored.position,
        "changed": made is not None,
        "before": restored.before,
        "made": made.number if made else None,
    }
