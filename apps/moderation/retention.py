"""Text that moderation has kept long enough. What was done stays in the audit trail, without words."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.moderation.models import Case, HeldRequest, Notice, Verdict


def forget_old() -> int:
    """Delete held requests and cases, and blank excerpts, once nobody has to decide about them; return how many.

    A case goes with its reports, decisions and what people were told, after they have read that.
    """
    if settings.RETENTION_MODERATION_DAYS <= 0:
        return 0
    limit = timezone.now() - timedelta(days=settings.RETENTION_MODERATION_DAYS)
    is_blocked = Q(state=HeldRequest.State.BLOCKED, created_at__lt=limit)
    is_decided = Q(decided_at__lt=limit) & ~Q(state=HeldRequest.State.WAITING)
    decided = HeldRequest.objects.filter(is_decided | is_blocked)
    unread = Notice.objects.filter(case=OuterRef("pk"), read_at=None)
    closed = Case.objects.filter(state=Case.State.CLOSED, closed_at__lt=limit).exclude(Exists(unread))
    excerpts = Verdict.objects.filter(created_at__lt=limit, excerpt__isnull=False)
    settled = excerpts.filter(Q(reviewed_at=None) | Q(reviewed_at__lt=limit)).exclude(state=Verdict.State.WAITING)
    forgotten = settled.update(excerpt=None)
    for old in (decided, closed):
        forgotten += old.count()
        old.delete()
    return forgotten
