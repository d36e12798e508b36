"""Documents in the trash, removed comments, invitations and expired share links that were kept long enough."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.documents.models import Comment, Document, Invitation, ShareLink
from apps.documents.services import purge_document

logger = logging.getLogger(__name__)


@shared_task
def let_trash_go() -> int:
    """Delete for good what the installation keeps no longer; return how many documents."""
    purged = 0
    if settings.RETENTION_TRASH_DAYS > 0:
        limit = timezone.now() - timedelta(days=settings.RETENTION_TRASH_DAYS)
        old = Document.objects.filter(trashed_at__lt=limit).order_by("trashed_at").defer("text", "outline")
        for document in old[: settings.RETENTION_BATCH_ROWS * settings.RETENTION_BATCHES_MAX].iterator():
            purge_document(document)
            purged += 1
    if settings.RETENTION_INVITATION_DAYS > 0:
        limit = timezone.now() - timedelta(days=settings.RETENTION_INVITATION_DAYS)
        Invitation.objects.filter(created_at__lt=limit).delete()
    if settings.RETENTION_LINK_DAYS > 0:
        limit = timezone.now() - timedelta(days=settings.RETENTION_LINK_DAYS)
        ShareLink.objects.filter(expires_at__lt=limit).delete()
    if purged:
        logger.info("documents.trash_emptied", extra={"documents": purged})
    return purged


@shared_task
def let_comments_go() -> int:
    """Blank what was removed long ago and can be restored no more; return how many comments."""
    if settings.RETENTION_REMOVED_COMMENT_DAYS <= 0:
        return 0
    limit = timezone.now() - timedelta(days=settings.RETENTION_REMOVED_COMMENT_DAYS)
    old = Comment.objects.filter(removed_at__lt=limit).exclude(removed_by=None)
    batch = list(old.values_list("pk", flat=True)[: settings.RETENTION_BATCH_ROWS * settings.RETENTION_BATCHES_MAX])
    return Comment.objects.filter(pk__in=batch).update(body="", mentions=[], untold=[], removed_by=None)
