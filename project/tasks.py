"""Upkeep of what Django itself stores, and the look at the metrics."""

import logging

from celery import shared_task
from django.core.management import call_command

from project.alerts.evaluation import evaluate

logger = logging.getLogger(__name__)


@shared_task
def clear_expired_sessions() -> None:
    call_command("clearsessions")
    logger.info("sessions.cleared")


@shared_task
def evaluate_alerts() -> None:
    """Look whether anything is wrong, and tell who is to know."""
    evaluate()
