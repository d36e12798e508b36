"""Work on logs that nobody waits for. The rows themselves say what is due, so no request for it can be lost."""

import logging
from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db.models import F, Q, QuerySet

from apps.collaboration import compaction, projection
from apps.collaboration.models import DocumentLog
from apps.collaboration.versions.making import make_version
from apps.collaboration.versions.queries import unversioned
from apps.collaboration.versions.saving import settle, unsettled
from apps.collaboration.versions.thinning import crowded, thin

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Bring projections up to date, save what was typed into what a restoring removed, and fold long tails."""
    _each(unsettled(), settle)
    _each(DocumentLog.objects.filter(head__gt=F("projected_position")), projection.project)
    long_tail = Q(head__gte=F("snapshot_position") + settings.SYNC_COMPACT_UPDATES)
    _each(
        DocumentLog.objects.filter(long_tail | Q(tail_bytes__gte=settings.SYNC_COMPACT_BYTES)),
        compaction.compact,
    )


@shared_task(ignore_result=True)
def make_versions() -> None:
    """Make a version of each document that rests, or that was worked on for long without one."""
    _each(unversioned(), _make_and_thin)


@shared_task(ignore_result=True)
def thin_versions() -> None:
    """Remove versions that are too old to be kept all."""
    _each(crowded(), thin, limit=settings.VERSION_THIN_DOCUMENTS)


def _make_and_thin(document_id: UUID) -> None:
    if make_version(document_id):
        thin(document_id)


def _each(logs: QuerySet[DocumentLog], work: Callable[[UUID], object], *, limit: int | None = None) -> None:
    """Do `work` for each document; one that fails does not hold up the others, and is tried again by the next sweep."""
    wanted = logs.filter(quarantined_at=None).values_list("pk", flat=True)
    due = wanted[: settings.SYNC_SWEEP_DOCUMENTS if limit is None else limit]
    for document_id in due:
        try:
            work(document_id)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic in pycrdt is no Exception
            logger.exception("log.work_failed", extra={"document": str(document_id), "work": work.__name__})
