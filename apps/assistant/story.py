"""A story's live sheet: who and what is in it. A task reads it out of the text; what people wrote stays.

Reading is a generation like any other (action `sheet`): its tokens are accounted for, to who used the sheet last.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.context import last_tokens
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import OPEN_STATES, SHEET, Generation, SheetEntry, State, StorySheet
from apps.assistant.services import start_own
from apps.assistant.sheets import use_sheet
from apps.core.errors import InterlineError, Invalid, NotFound, TooLarge
from apps.documents.access import access_document
from apps.documents.models import Role
from apps.quotas.services import lock_person

logger = logging.getLogger(__name__)

READ_AT_ONCE = 100  # sheets of one sweep


@dataclass(frozen=True)
class EntryChange:
    """What a person says of an entry; None leaves as it is."""

    kind: str | None = None
    name: str | None = None
    note: str | None = None


@transaction.atomic
def change_sheet(
    user: User,
    document_id: UUID,
    *,
    add: list[EntryChange],
    change: dict[int, EntryChange],
    remove: list[int],
) -> StorySheet:
    """Change entries as a person; the task will leave them so. Raises Invalid, NotFound, TooLarge."""
    use_sheet(user, document_id)
    sheet = StorySheet.objects.select_for_update().get(pk=document_id)
    entries = {entry.pk: entry for entry in sheet.entries.all()}
    if missing := {*change, *remove} - set(entries):
        raise NotFound(f"There is no entry {min(missing)}.")
    for pk, wanted in change.items():
        _write(entries[pk], wanted)
    for pk in remove:
        entries[pk].removed = entries[pk].by_person = True
        entries[pk].save()
    for wanted in add:
        found = _same(entries.values(), wanted.kind or "", wanted.name or "")
        entry = found or SheetEntry(sheet=sheet)
        entry.removed = False
        _write(entry, wanted)
        entries[entry.pk] = entry
    if sum(not entry.removed for entry in entries.values()) > settings.ASSISTANT_SHEET_ENTRIES_MAX:
        raise TooLarge(f"A sheet has room for {settings.ASSISTANT_SHEET_ENTRIES_MAX} entries.")
    _check_once(list(entries.values()))
    return sheet


def _write(entry: SheetEntry, wanted: EntryChange) -> None:
    entry.kind = wanted.kind if wanted.kind is not None else entry.kind
    entry.name = " ".join(wanted.name.split()) if wanted.name is not None else entry.name
    if wanted.note is not None:
        entry.note, entry.plain_note = " ".join(wanted.note.split()), ""
    entry.by_person = True
    if not entry.name:
        raise Invalid("name: an entry has a name.")
    entry.save()


def _same(entries: Any, kind: str, name: str) -> SheetEntry | None:
    wanted = kind, " ".join(name.split()).lower()
    return next((entry for entry in entries if (entry.kind, entry.name.lower()) == wanted), None)


def _check_once(entries: list[SheetEntry]) -> None:
    names = [(entry.kind, entry.name.lower()) for entry in entries if not entry.removed]
    if len(names) != len(set(names)):
        raise Invalid("name: there is an entry of this name already.")


# ---------------------------------------------------------------- reading


def read_due_sheets() -> None:
    """Have every sheet read whose text has changed since, not too often, and while somebody uses it."""
    now = timezone.now()
    used = Q(used_at__gte=now - timedelta(seconds=settings.ASSISTANT_SHEET_IDLE_SECONDS))
    changed = Q(read_of=None) | ~Q(read_of=F("document__edited_at"))
    rested = Q(reading=None) | (
        ~Q(reading__state__in=OPEN_STATES)
        & Q(reading__created_at__lt=now - timedelta(seconds=settings.ASSISTANT_SHEET_INTERVAL_SECONDS))
    )
    due = StorySheet.objects.filter(used & changed & rested, document__trashed_at=None).exclude(document__text="")
    for sheet in due.select_related("document", "user")[:READ_AT_ONCE]:
        _have_read(sheet)


def _have_read(sheet: StorySheet) -> None:
    text = last_tokens(sheet.document.text, settings.ASSISTANT_SHEET_TOKENS)
    try:
        access_document(sheet.user, sheet.document_id, role=Role.EDITOR)
        with transaction.atomic():
            lock_person(sheet.user_id)
            sheet.reading = start_own(sheet.user, sheet.document_id, SHEET, GenerationInput(text_before=text))
            sheet.reading_of = sheet.document.edited_at
            sheet.save(update_fields=["reading", "reading_of"])
    except InterlineError as error:
        logger.info("story.not_read", extra={"document": str(sheet.document_id), "code": error.code})


def take_reading(generation: Generation) -> None:
    """Merge what was read into the sheet: what people wrote or took out stays so."""
    with transaction.atomic():
        sheet = StorySheet.objects.select_for_update().filter(reading=generation).first()
        if sheet is None:
            return
        text = sheet.document.text.lower()
        entries = list(sheet.entries.all())
        for kind, name, note in found_in(generation.text or "", text):
            same = [entry for entry in entries if entry.name.lower() == name.lower()]
            if any(entry.by_person for entry in same):
                continue
            entry = next((one for one in same if one.kind == kind), None)
            if entry is None and len(entries) < settings.ASSISTANT_SHEET_ENTRIES_MAX:
                entries.append(SheetEntry.objects.create(sheet=sheet, kind=kind, name=name, note=note))
            elif entry is not None and entry.said != note:
                entry.note, entry.plain_note = note, ""
                entry.save(update_fields=["note", "plain_note", "updated_at"])
        for entry in entries:
            if not entry.by_person and entry.kind != SheetEntry.Kind.THREAD and entry.name.lower() not in text:
                entry.delete()
        sheet.read_of = sheet.reading_of
        sheet.read_at = timezone.now()
        sheet.save(update_fields=["read_of", "read_at"])
    logger.info("story.read", extra={"document": str(sheet.document_id), "entries": len(entries)})


def found_in(answer: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and note of what a model wrote, one JSON object a line; nobody whom `text` does not name."""
    for line in answer.splitlines():
        try:
            content: Any = json.loads(line.strip().rstrip(","))
        except (ValueError, RecursionError):
            continue
        if not isinstance(content, dict):
            continue
        kind, name, note = (content.get(key) for key in ("kind", "name", "note"))
        if kind not in SheetEntry.Kind.values or not isinstance(name, str) or not name.strip():
            continue
        name = " ".join(name.replace("\0", "").split())[: settings.ASSISTANT_SHEET_NAME_MAX_CHARACTERS]
        if kind != SheetEntry.Kind.THREAD and name.lower() not in text:
            continue
        words = " ".join(note.replace("\0", "").split()) if isinstance(note, str) else ""
        yield kind, name, words[: settings.ASSISTANT_SHEET_NOTE_MAX_CHARACTERS]


def is_reading(sheet: StorySheet) -> bool:
    return sheet.reading is not None and not State(sheet.reading.state).is_end
