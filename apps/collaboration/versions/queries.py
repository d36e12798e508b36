"""Finds versions."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.collaboration.models import DocumentLog, DocumentUpdate, DocumentVersion
from apps.core.errors import NotFound

NO_VERSION = "There is no such version. It may have been removed since."


def list_versions(document_id: UUID) -> QuerySet[DocumentVersion]:
    """Return a document's versions, the newest first, without what they hold."""
    return DocumentVersion.objects.filter(log_id=document_id).defer("state").order_by("-number")


def find_version(document_id: UUID, number: int, *, lock: bool = False) -> DocumentVersion:
    """Return a version; what it holds is read when it is asked for. Raises NotFound."""
    versions = DocumentVersion.objects.filter(log_id=document_id, number=number).defer("state")
    version = (versions.select_for_update() if lock else versions).first()
    if version is None:
        raise NotFound(NO_VERSION)
    return version


def unversioned() -> QuerySet[DocumentLog]:
    """Return the logs of which a version is due: they rest, or were worked on for so long without one."""
    now = timezone.now()
    tail = DocumentUpdate.objects.filter(log=OuterRef("pk"), position__gt=OuterRef("version_position"))
    first, last = (tail.order_by(order).values("created_at")[:1] for order in ("position", "-position"))
    rests = Q(edited_at__lte=now - timedelta(seconds=settings.VERSION_REST_SECONDS))
    is_long = Q(since__lte=now - timedelta(seconds=settings.VERSION_INTERVAL_SECONDS))
    return (
        DocumentLog.objects.filter(head__gt=F("version_position"))
        .annotate(
            edited_at=Coalesce(Subquery(last), "document__edited_at"),  # all is folded: as it was projected
            since=Coalesce("unversioned_since", Subquery(first)),
        )
        .filter(rests | is_long)
    )
