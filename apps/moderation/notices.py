"""What people are told by reviewers, until they say that they have read it."""

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import deeds
from apps.moderation.models import Notice


@transaction.atomic
def acknowledge(user: User, notice_id: int) -> None:
    """Note that somebody has read a notice of theirs; nothing happens for anybody else's."""
    unread = Notice.objects.select_for_update().filter(pk=notice_id, user=user, read_at=None)
    if unread.update(read_at=timezone.now()):
        deeds.tell("moderation.notice_read", target=("notice", notice_id), actor_id=user.pk)
