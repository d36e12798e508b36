"""Which transcripts and documents are looked at once more, and what there is to look at in them."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from apps.assistant.looked_at import asked_in
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import Generation, State
from apps.core.errors import InterlineError
from apps.documents.models import Document
from apps.moderation.after import Subject, check, due, forget_old, note_failure, pass_over
from apps.moderation.strictness import DOCUMENT, TRANSCRIPT, is_looked_at_after, may_be_looked_at_after
from apps.moderation.verdicts import Place

logger = logging.getLogger(__name__)

ENDED = (State.DONE, State.FAILED, State.CANCELLED)


def check_all_due() -> int:
    """Look at what is due, the oldest first; return at how much. One that breaks does not hold up the others."""
    now = timezone.now()
    since = now - timedelta(seconds=settings.MODERATION_AFTER_WINDOW_SECONDS)
    forget_old(since)
    checked = 0
    if may_be_looked_at_after(TRANSCRIPT):
        ended = Generation.objects.filter(ended_at__gt=since, state__in=ENDED).exclude(text=None)
        checked += _each(ended, TRANSCRIPT, "ended_at", transcript)
    if may_be_looked_at_after(DOCUMENT):
        at_rest = now - timedelta(seconds=settings.MODERATION_AFTER_IDLE_SECONDS)
        changed = Document.objects.filter(edited_at__gt=since, edited_at__lt=at_rest, trashed_at=None)
        checked += _each(changed, DOCUMENT, "edited_at", document)
    return checked


def _each(targets: "QuerySet[Any]", kind: str, of: str, subject_of: Callable[[Any], Subject]) -> int:
    checked = 0
    for target in due(targets, kind, of).order_by(of)[: settings.MODERATION_AFTER_AT_ONCE]:
        try:
            subject = subject_of(target)
            place = subject.place
            if place.document_id is None or not is_looked_at_after(kind, place.document_id):
                pass_over(place, subject.of)
                continue
            check(subject)
            checked += 1
        except Exception as error:
            if not isinstance(error, InterlineError):
                logger.exception("moderation.check_broke", extra={"target": f"{kind} {target.pk}"})
            note_failure(kind, target.pk, getattr(target, of), error)
    return checked


def transcript(generation: Generation) -> Subject:
    """Return what was asked and answered."""
    assert generation.ended_at is not None
    asked = asked_in(GenerationInput.model_validate(generation.input))
    edits = [
        str(edit[name])
        for edit in generation.events or ()
        if edit["type"] == "edit"
        for name in ("replacement", "explanation")
    ]
    return Subject(
        place=Place(TRANSCRIPT, generation.pk, generation.document_id, generation.user_id, "after"),
        of=generation.ended_at,
        written=[text for text in (*asked.orders, *asked.read) if text],
        answered=[text for text in (generation.text or "", *edits) if text],
        tier=generation.tier,
    )


def document(one: Document) -> Subject:
    """Return a document's text."""
    return Subject(
        place=Place(DOCUMENT, one.pk, one.pk, one.edited_by_id, "after"),
        of=one.edited_at,
        written=[text for text in (one.title, one.text) if text],
    )
