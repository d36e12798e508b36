"""Upkeep of what Django itself stores, and the look at the metrics."""

import logging

import redis
from celery import shared_task
from django.core.management import call_command

from apps.analytics.live import note_live
from apps.core.metrics import NAMESPACE
from apps.core.metrics_report import read_all
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


@shared_task
def count_what_lives() -> None:
    """Note how many sockets are open over all web processes, and how many generations stream."""
    try:
        samples = [sample for reading in read_all() for metric in reading.metrics for sample in metric.samples]
    except redis.RedisError:
        logger.warning("analytics.sockets_not_counted")
        return
    sockets: dict[str, int] = {}
    for sample in samples:
        if sample.name == f"{NAMESPACE}_sockets_open":
            kind = sample.labels["socket"]
            sockets[kind] = sockets.get(kind, 0) + int(sample.value)
    note_live(sockets)
