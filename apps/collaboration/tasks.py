"""Work on logs that nobody waits for. The rows themselves say what is due, so no request for it can be lost."""

import logging
from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db.models import F, Q, QuerySet

from apps.collaboration import compaction, projection
from apps.collaboration.models import DocumentLog

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Bring projections up to date and fold long tails."""
    _each(DocumentLog.objects.filter(head__gt=F("projected_position")), projection.project)
    long_tail = Q(head__gte=F("snapshot_position") + settings.SYNC_COMPACT_UPDATES)
    _each(
        DocumentLog.objects.filter(long_tail | Q(tail_bytes__gte=settings.SYNC_COMPACT_BYTES)),
        compaction.compact,
    )


def _each(logs: QuerySet[DocumentLog], work: Callable[[UUID], object]) -> None:
    """Do `work` for each document; one that fails does not hold up the others, and is tried again by the next sweep."""
    due = logs.filter(quarantined_at=None).values_list("pk", flat=True)[: settings.SYNC_SWEEP_DOCUMENTS]
    for document_id in due:
        try:
            work(document_id)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic in pycrdt is no Exception
            logger.exception("log.work_failed", extra={"document": str(document_id), "work": work.__name__})
