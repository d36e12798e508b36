"""REST: a story's sheet of characters, places and threads."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from apps.accounts.authentication import DOCUMENTS, caller
from apps.assistant.models import SheetEntry, StorySheet
from apps.assistant.sheets import entries_of
from apps.assistant.story import EntryChange, change_sheet, is_reading
from apps.documents.access import access_document
from apps.documents.models import Role

router = Router(auth=DOCUMENTS, tags=["assistant"])

Name = Annotated[str, Field(min_length=1, max_length=settings.ASSISTANT_SHEET_NAME_MAX_CHARACTERS)]
Note = Annotated[str, Field(max_length=settings.ASSISTANT_SHEET_NOTE_MAX_CHARACTERS)]
CHANGES_MAX = 200  # of one request


class EntryOutput(Schema):
    """`by_person`: somebody wrote or changed it, so the text does not change it any more."""

    id: int
    kind: SheetEntry.Kind
    name: str
    note: str
    by_person: bool
    updated_at: datetime

    @staticmethod
    def resolve_note(entry: SheetEntry) -> str:
        return entry.said


class SheetOutput(Schema):
    """`read_at`: when the text was last read; null before. `reading`: it is being read now."""

    entries: list[EntryOutput]
    read_at: datetime | None
    reading: bool


class Input(Schema):
    model_config = ConfigDict(extra="forbid")


class AddedEntry(Input):
    kind: SheetEntry.Kind
    name: Name
    note: Note = ""


class ChangedEntry(Input):
    id: int
    kind: SheetEntry.Kind | None = None
    name: Name | None = None
    note: Note | None = None


class SheetInput(Input):
    """An empty one begins the sheet: from then on it follows the text, for as long as it is used."""

    add: Annotated[list[AddedEntry], Field(max_length=CHANGES_MAX)] = []
    change: Annotated[list[ChangedEntry], Field(max_length=CHANGES_MAX)] = []
    remove: Annotated[list[int], Field(max_length=CHANGES_MAX)] = []


def _sheet(document_id: UUID) -> dict[str, Any]:
    sheet = StorySheet.objects.select_related("reading").filter(pk=document_id).first()
    return {
        "entries": entries_of(document_id),
        "read_at": sheet.read_at if sheet else None,
        "reading": is_reading(sheet) if sheet else False,
    }


@router.get("/{uuid:document_id}/story", response=SheetOutput)
def read_story(request: HttpRequest, document_id: UUID) -> Any:
    """The sheet of the document's story; empty before somebody used it."""
    access_document(caller(request), document_id)
    return _sheet(document_id)


@router.patch("/{uuid:document_id}/story", response=SheetOutput)
def change_story(request: HttpRequest, document_id: UUID, body: SheetInput) -> Any:
    access_document(caller(request), document_id, role=Role.EDITOR)
    change_sheet(
        caller(request),
        document_id,
        add=[EntryChange(entry.kind, entry.name, entry.note) for entry in body.add],
        change={entry.id: EntryChange(entry.kind, entry.name, entry.note) for entry in body.change},
        remove=body.remove,
    )
    return _sheet(document_id)
