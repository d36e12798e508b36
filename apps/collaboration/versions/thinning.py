"""Keeps fewer versions the older they get: all of a day, the last of each hour for a week, the last of each day after.

Versions with a name stay. Who wrote what a removed version had goes to the next one.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, QuerySet, When
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone

from apps.collaboration.models import DocumentLog, DocumentVersion
from apps.collaboration.versions.queries import NO_VERSION
from apps.core import deeds
from apps.core.errors import NotFound


def thin(document_id: UUID) -> int:
    """Remove the versions of a document that are not kept any longer; return how many. Idempotent."""
    with transaction.atomic():
        # One at a time: who wrote must not be lost between two of us.
        versions = list(_of(document_id).select_for_update().order_by("number"))
        gone = set(_not_kept(versions, timezone.now()))
        _remove(versions, gone)
    return len(gone)


def remove_version(document_id: UUID, number: int, *, user_id: UUID) -> None:
    """Remove one version for somebody. Raises NotFound."""
    with transaction.atomic():
        versions = list(_of(document_id).select_for_update().order_by("number"))
        if number not in {version.number for version in versions}:
            raise NotFound(NO_VERSION)
        _remove(versions, {number})
        deeds.tell("document.version_removed", target=("document", document_id), actor_id=user_id, version=number)


def crowded() -> QuerySet[DocumentLog]:
    """Return the logs that have versions to be removed for their age."""
    now = timezone.now()
    hourly_since, all_since = _bounds(now)
    crowds = (
        DocumentVersion.objects.filter(name="", created_at__lt=all_since)
        .annotate(
            span=Case(
                When(created_at__lt=hourly_since, then=TruncDay("created_at", tzinfo=UTC)),
                default=TruncHour("created_at", tzinfo=UTC),
            )
        )
        .values("log_id", "span", is_old=Case(When(created_at__lt=hourly_since, then=True), default=False))
        .annotate(count=Count("pk"))
        .filter(count__gt=1)
    )
    return DocumentLog.objects.filter(pk__in=crowds.values("log_id"))


def _of(document_id: UUID) -> QuerySet[DocumentVersion]:
    return DocumentVersion.objects.filter(log_id=document_id).defer("state", "digest")


def _bounds(now: datetime) -> tuple[datetime, datetime]:
    """Return since when the last of each hour, and since when all are kept."""
    all_since = now - timedelta(hours=settings.VERSION_KEEP_ALL_HOURS)
    return min(all_since, now - timedelta(days=settings.VERSION_KEEP_HOURLY_DAYS)), all_since


def _not_kept(versions: list[DocumentVersion], now: datetime) -> Iterator[int]:
    """Yield the numbers of those to be removed. The newest of all stays whatever its size."""
    hourly_since, all_since = _bounds(now)
    named = [version.stored_bytes for version in versions if version.name]
    count, size = len(named), sum(named)
    seen: set[str] = set()
    is_full = False
    for version in reversed(versions):
        if version.name:
            continue
        span = _span(version.created_at, hourly_since, all_since)
        if span and span in seen:
            yield version.number
            continue
        size += version.stored_bytes
        count += 1
        is_full = is_full or count > settings.VERSIONS_MAX or size > settings.VERSIONS_MAX_BYTES
        if is_full and version is not versions[-1]:
            yield version.number
        seen.add(span)


def _span(at: datetime, hourly_since: datetime, all_since: datetime) -> str:
    """Return the hour or the day of which the last version is kept; "" where all are."""
    if at >= all_since:
        return ""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H") if at >= hourly_since else at.astimezone(UTC).strftime("%Y-%m-%d")


def _remove(versions: Iterable[DocumentVersion], gone: set[int]) -> None:
    orphaned: list[UUID] = []
    removed = []
    for version in versions:
        if version.number in gone:
            orphaned += version.author_ids
            removed.append(version.pk)
        elif orphaned:
            version.author_ids = list(dict.fromkeys([*orphaned, *version.author_ids]))
            version.save(update_fields=["author_ids"])
            orphaned = []
    DocumentVersion.objects.filter(pk__in=removed).delete()
