"""Brings a version back, as one more edit: nothing is taken out of the log, and others go on typing meanwhile."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.collaboration.content.exact import make_alike
from apps.collaboration.models import DocumentVersion, VersionKind
from apps.collaboration.services import append_update
from apps.collaboration.structure import BadUpdate, Checked, Gap, Known, check
from apps.collaboration.versions.making import (
    Moment,
    NewVersion,
    advance,
    at_a_moment,
    before_now,
    newest_version,
    version_doc,
    write_down,
)
from apps.collaboration.versions.queries import find_version
from apps.core import deeds
from apps.core.errors import InterlineError, TooLarge

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """What became of it. `version`: the one that was made of the result; None where the document read so already.

    `position`: of the log, with the edit in it. `before`: the number of the version that reads as the document did.
    """

    position: int
    before: int
    version: DocumentVersion | None = None


def restore_version(document_id: UUID, number: int, *, user_id: UUID) -> Restored:
    """Make the document read as its version `number` does. What it read before is in a version too.

    Raises NotFound, Conflict (damaged, or changing too fast), TooLarge.
    """
    wanted = find_version(document_id, number)
    return at_a_moment(
        document_id, lambda moment: _restored(moment, wanted, user_id), absent="There is no such document."
    )


def _restored(moment: Moment, wanted: DocumentVersion, user_id: UUID) -> Restored:
    before, doc = moment.build(), moment.build()
    try:
        update = make_alike(doc, version_doc(wanted))
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic in pycrdt is no Exception
        logger.exception("version.restore_failed", extra={"document": str(moment.document_id)})
        raise InterlineError("The version could not be restored. Nothing was changed.") from None
    if update is None:
        return Restored(moment.head, moment.last_version)
    if moment.stored_bytes + len(update) > settings.SYNC_MAX_DOCUMENT_BYTES:
        raise TooLarge("The document is full.")
    nesting = _checked(moment, before.get_update(), update).deepest
    with transaction.atomic():
        made = []
        newest = newest_version(moment)
        if newest is None or newest.position != moment.head:
            made.append(write_down(moment, before_now(moment, before)))
        position = append_update(moment.document_id, update, user_id=user_id, nesting=nesting)
        new = NewVersion(
            doc,
            position,
            VersionKind.RESTORED,
            [user_id],
            timezone.now(),
            made_by=user_id,
            restored_from=wanted.number,
            settles_at=timezone.now() + timedelta(seconds=settings.VERSION_SETTLE_SECONDS),
        )
        made.append(write_down(moment, new, later=len(made)))
        # What others appended in between is in neither version: the next one has it.
        advance(moment, made, position if position == moment.head + 1 else moment.head)
        deeds.tell(
            "document.version_restored",
            target=("document", moment.document_id),
            actor_id=user_id,
            version=wanted.number,
            made=made[-1].number,
        )
    logger.info("version.restored", extra={"document": str(moment.document_id), "update": len(update)})
    return Restored(position, made[-1].number - 1, made[-1])


def _checked(moment: Moment, before: bytes, update: bytes) -> Checked:
    """Return what the structure check says of our own update, as of one that a client sent."""
    known = Known()
    try:
        known.adopt(check(before, Known(), nesting_limit=settings.SYNC_MAX_NESTING))
        return check(update, known, nesting_limit=settings.SYNC_MAX_NESTING)
    except (BadUpdate, Gap):
        logger.exception("version.restore_refused", extra={"document": str(moment.document_id)})
        raise InterlineError("The version could not be restored. Nothing was changed.") from None
