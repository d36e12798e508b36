"""Background work of analytics: figures, what is kept of accepted text, cohorts, experiments, retention."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.analytics import rollups, trials
from apps.analytics.cohorts import form
from apps.analytics.models import Event, EventFigures, GenerationFigures, Span
from apps.analytics.staying import measure_due

logger = logging.getLogger(__name__)


@shared_task
def roll_up() -> int:
    """Bring the figures up to date."""
    return rollups.roll_up()


@shared_task
def look_for_kept_text() -> int:
    """See how much of what was accepted an hour, a day and a week ago still stands."""
    return measure_due()


@shared_task
def form_cohorts() -> None:
    """Count who of those that joined in a week still uses the assistant."""
    form()


@shared_task
def judge_experiments() -> int:
    """End experiments with an arm that is surely worse than it may be."""
    return trials.judge_all()


@shared_task
def let_events_go() -> None:
    """Delete single events and hourly figures that were kept long enough; daily figures stay."""
    now = timezone.now()
    old_events = now - timedelta(days=settings.ANALYTICS_EVENT_DAYS)
    old_hours = now - timedelta(days=settings.ANALYTICS_HOURLY_DAYS)
    events, _ = Event.objects.filter(at__lt=old_events).delete()
    figures = 0
    for model in (GenerationFigures, EventFigures):
        figures += model.objects.filter(span=Span.HOUR, starts_at__lt=old_hours).delete()[0]
    logger.info("analytics.let_go", extra={"events": events, "figures": figures})
