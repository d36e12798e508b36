"""Texts of the assistant that were kept long enough. Tokens, decisions and who asked whom stay; the words go."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.assistant.models import OPEN_STATES, Conversation, Decision, Generation, Turn


def blank_old_transcripts() -> int:
    """Blank requests and answers outside of conversations, in batches; return how many."""
    limit = _limit(settings.RETENTION_TRANSCRIPT_DAYS)
    if limit is None:
        return 0
    in_use = Turn.objects.filter(summary=OuterRef("pk"))
    old = (
        Generation.objects.filter(created_at__lt=limit, text__isnull=False, turn=None)
        .exclude(state__in=OPEN_STATES)
        .exclude(Exists(in_use))
    )
    blanked = 0
    for _ in range(settings.RETENTION_BATCHES_MAX):
        batch = list(old.order_by("created_at").values_list("pk", flat=True)[: settings.RETENTION_BATCH_ROWS])
        if not batch:
            break
        with transaction.atomic():
            Generation.objects.filter(pk__in=batch).update(input={}, text=None, lengths=[], events=None, anchor=None)
            Decision.objects.filter(generation__in=batch).update(final_text=None)
        blanked += len(batch)
    return blanked


def trash_old_conversations() -> int:
    """Move conversations nobody asked in to where deleted ones are: for a while people can bring them back."""
    limit = _limit(settings.RETENTION_CONVERSATION_DAYS)
    if limit is None:
        return 0
    old = Conversation.objects.filter(asked_at__lt=limit, deleted_at=None).exclude(
        Exists(Turn.objects.filter(conversation=OuterRef("pk"), generation__state__in=OPEN_STATES))
    )
    moved = 0
    for _ in range(settings.RETENTION_BATCHES_MAX):
        batch = list(old.order_by("asked_at").values_list("pk", flat=True)[: settings.RETENTION_BATCH_ROWS])
        if not batch:
            break
        moved += Conversation.objects.filter(pk__in=batch).update(deleted_at=timezone.now())
    return moved


def _limit(days: int) -> datetime | None:
    """Return before when something is old; None where it is kept for ever."""
    return timezone.now() - timedelta(days=days) if days > 0 else None
