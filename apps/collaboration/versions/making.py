"""Makes versions: how a document reads at a moment, with who wrote what came since the version before.

Nobody waits for the log's row but for the moment of the commit: the state is read, packed and written before the row is
touched, and a version that another process made meanwhile, or a fold, makes this one start anew.
"""

import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from pycrdt import Doc

from apps.collaboration.content.exact import digest, is_blank
from apps.collaboration.loading import build
from apps.collaboration.models import DocumentLog, DocumentVersion, VersionKind
from apps.core.errors import Conflict, NotFound

logger = logging.getLogger(__name__)

READ = """
SELECT l.head, l.snapshot_position, l.tail_bytes + l.snapshot_bytes, l.quarantined_at IS NOT NULL,
    l.last_version, l.version_position, s.data,
    (SELECT array_agg(u.data ORDER BY u.position) FROM collaboration_documentupdate u
     WHERE u.log_id = l.document_id AND u.position > l.snapshot_position),
    l.unversioned_authors || coalesce((SELECT array_agg(DISTINCT u.author_id) FROM collaboration_documentupdate u
     WHERE u.log_id = l.document_id AND u.position > l.version_position AND u.author_id IS NOT NULL), '{}'),
    coalesce((SELECT max(u.created_at) FROM collaboration_documentupdate u WHERE u.log_id = l.document_id),
     s.created_at, now())
FROM collaboration_documentlog l LEFT JOIN collaboration_documentsnapshot s ON s.log_id = l.document_id
WHERE l.document_id = %(document)s
"""
BUSY = "The document is changing too fast just now. Nothing was changed; try again."
DAMAGED = "This document is damaged and can only be read. Nothing was changed."

T = TypeVar("T")


class Overtaken(Exception):
    """Another process made a version or folded the log meanwhile; nothing was changed."""


@dataclass(frozen=True)
class Moment:
    """A log at one moment, and what no version has yet: up to `head`, by `authors`, the last of it at `edited_at`."""

    document_id: UUID
    head: int
    snapshot_position: int
    stored_bytes: int
    is_quarantined: bool
    last_version: int
    version_position: int
    snapshot: bytes | None
    tail: list[bytes]
    authors: list[UUID]
    edited_at: datetime

    def build(self) -> "Doc[Any]":
        return build(self.snapshot, self.tail)


@dataclass(frozen=True)
class NewVersion:
    """A version that is to be written down."""

    doc: "Doc[Any]"
    position: int
    kind: VersionKind
    authors: list[UUID]
    created_at: datetime
    name: str = ""
    made_by: UUID | None = None
    restored_from: int | None = None
    settles_at: datetime | None = None


def read_moment(document_id: UUID) -> Moment | None:
    """Return the log as it is now, in one statement; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"document": document_id})
        row = cursor.fetchone()
    if row is None:
        return None
    head, folded, size, is_quarantined, last_version, version_position, snapshot, tail, authors, edited_at = row
    return Moment(
        document_id,
        head,
        folded,
        size,
        is_quarantined,
        last_version,
        version_position,
        bytes(snapshot) if snapshot is not None else None,
        [bytes(data) for data in tail or ()],
        list(dict.fromkeys(authors)),
        edited_at,
    )


def at_a_moment(document_id: UUID, act: Callable[[Moment], T], *, absent: str) -> T:
    """Return what `act` makes of the log as it is now; where it is Overtaken, of the log as it is then.

    Raises NotFound, which says `absent`, where there is no log, and Conflict: damaged, or changing too fast.
    """
    for _ in range(settings.VERSION_ATTEMPTS):
        moment = read_moment(document_id)
        if moment is None:
            raise NotFound(absent)
        if moment.is_quarantined:
            raise Conflict(DAMAGED)
        try:
            return act(moment)
        except Overtaken:
            continue
    raise Conflict(BUSY)


def make_version(document_id: UUID) -> DocumentVersion | None:
    """Make a version of what no version has yet. None where there is nothing of the kind, or somebody was faster."""
    moment = read_moment(document_id)
    if moment is None or moment.is_quarantined or moment.head == moment.version_position:
        return None
    doc = moment.build()
    try:
        with transaction.atomic():
            made = []
            if not _reads_as_before(moment, doc):
                made.append(write_down(moment, before_now(moment, doc)))
            advance(moment, made, moment.head)
    except Overtaken:
        return None
    return made[0] if made else None


def before_now(moment: Moment, doc: "Doc[Any]") -> NewVersion:
    """Return the version that comes by itself."""
    return NewVersion(doc, moment.head, VersionKind.AUTOMATIC, moment.authors, moment.edited_at)


def write_down(moment: Moment, new: NewVersion, *, later: int = 0) -> DocumentVersion:
    """Write a version with the next number, or `later` ones. Raises Overtaken when the number is taken."""
    state = zlib.compress(new.doc.get_update())
    try:
        with transaction.atomic():
            return DocumentVersion.objects.create(
                log_id=moment.document_id,
                number=moment.last_version + 1 + later,
                position=new.position,
                state=state,
                stored_bytes=len(state),
                digest=digest(new.doc),
                kind=new.kind,
                name=new.name,
                author_ids=new.authors,
                made_by_id=new.made_by,
                restored_from=new.restored_from,
                settles_at=new.settles_at,
                created_at=new.created_at,
            )
    except IntegrityError:
        raise Overtaken from None


def advance(moment: Moment, made: list[DocumentVersion], position: int) -> None:
    """Note in the log that it has versions up to `position`. Raises Overtaken unless it is as it was at `moment`."""
    changed = DocumentLog.objects.filter(
        pk=moment.document_id, last_version=moment.last_version, snapshot_position=moment.snapshot_position
    ).update(
        last_version=moment.last_version + len(made),
        version_position=position,
        unversioned_authors=[],
        unversioned_since=None,
    )
    if not changed:
        raise Overtaken


def _reads_as_before(moment: Moment, doc: "Doc[Any]") -> bool:
    if moment.last_version == 0:
        return is_blank(doc)
    newest = newest_version(moment)
    return newest is not None and bytes(newest.digest) == digest(doc)


def newest_version(moment: Moment) -> DocumentVersion | None:
    """Return the latest version without its state; None: there is none."""
    return DocumentVersion.objects.filter(log_id=moment.document_id).defer("state").order_by("-number").first()


def version_doc(version: DocumentVersion) -> "Doc[Any]":
    """Return the document as the version has it."""
    return build(zlib.decompress(bytes(version.state)), [])
