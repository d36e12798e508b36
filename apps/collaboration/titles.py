"""Writes changed titles to the documents' rows soon, for the list a person goes back to. The sweep does the rest."""

import asyncio
import logging
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from apps.core.database import in_database
from apps.core.loops import per_loop
from apps.documents.services import record_title

logger = logging.getLogger(__name__)


class Titles:
    """The titles of one process that changed and are not written yet; the last one of a document counts."""

    def __init__(self) -> None:
        self._changed: dict[UUID, str] = {}
        self._writing: asyncio.Task[None] | None = None

    def changed(self, document_id: UUID, title: str) -> None:
        self._changed[document_id] = title
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._changed:
            await asyncio.sleep(settings.SYNC_TITLE_SECONDS)
            changed, self._changed = self._changed, {}
            for document_id, title in changed.items():
                try:
                    await in_database(record_title, document_id, title=title)
                except DatabaseError:
                    logger.warning("title.not_written", extra={"document": str(document_id)})
        self._writing = None


@per_loop
def titles() -> Titles:
    """Return the running loop's titles."""
    return Titles()
