"""What no process counts for itself: queues, reviews, processes, models. Looked up when somebody asks for them."""

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import redis
from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from apps.assistant import jobs
from apps.core.metrics import NAMESPACE
from apps.core.redis import key, sync_redis
from apps.llm.health import read_all
from apps.moderation.models import Case
from project.heartbeat import PROCESS_KINDS, alive
from project.metrics.tasks import SENT_AT

logger = logging.getLogger(__name__)

CELERY_QUEUE = "celery"  # Celery's own name for the one queue there is


def shared_metrics() -> list[Metric]:
    """Return the gauges of the whole installation. Raises redis.RedisError."""
    return [*_processes(), *_tasks(), *_generations(), *_models(), *_reviews()]


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{NAMESPACE}_{name}", about, labels=labels)


def _processes() -> Iterator[Metric]:
    running = _gauge("processes", "Processes that were heard of lately.", "kind")
    for kind in PROCESS_KINDS:
        running.add_metric([kind], alive(kind))
    yield running


def _tasks() -> Iterator[Metric]:
    queue = key("celery", CELERY_QUEUE)
    yield _value("task_queue_length", "Background tasks that wait.", sync_redis().llen(queue))
    oldest: Any = sync_redis().lindex(queue, -1)
    yield _value("task_queue_age_seconds", "For how long the oldest of them has waited.", _age(oldest))


def _age(message: bytes | None) -> float:
    if message is None:
        return 0.0
    sent_at = json.loads(message).get("headers", {}).get(SENT_AT)
    return max(0.0, time.time() - sent_at) if sent_at else 0.0


def _generations() -> Iterator[Metric]:
    waiting, oldest_at = _waiting_generations()
    age = max(0.0, time.time() - oldest_at) if waiting else 0.0
    yield _value("generation_queue_length", "Generations that no generator has taken yet.", waiting)
    yield _value("generation_queue_age_seconds", "For how long the oldest of them has waited.", age)


def _waiting_generations() -> tuple[int, float]:
    """Return how many jobs nobody has read yet, and when the oldest came (seconds since the epoch)."""
    try:
        groups: Any = sync_redis().xinfo_groups(jobs.queue_key())
    except redis.ResponseError:  # there is no queue yet
        return 0, 0.0
    after = next((group["last-delivered-id"] for group in groups if group["name"] == jobs.GROUP.encode()), b"0-0")
    waiting: Any = sync_redis().xrange(jobs.queue_key(), min=b"(" + after, count=jobs.QUEUE_MAX_JOBS)
    return len(waiting), int(waiting[0][0].split(b"-")[0]) / 1000 if waiting else 0.0


def _models() -> Iterator[Metric]:
    answers = _gauge("model_up", "1 where the model answered when it was last asked, 0 where it failed.", "model")
    for model, health in read_all().items():
        if health is not None:
            answers.add_metric([model], 0 if health.code else 1)
    yield answers


def _reviews() -> Iterator[Metric]:
    """Yield how many cases wait for a reviewer, and how late the first is; nothing while PostgreSQL is away."""
    try:
        waiting = Case.objects.exclude(state=Case.State.CLOSED).aggregate(cases=Count("pk"), due_at=Min("due_at"))
    except DatabaseError:
        logger.warning("metrics.reviews_not_counted")
        return
    late = (timezone.now() - waiting["due_at"]).total_seconds() if waiting["due_at"] else 0.0
    yield _value("review_queue_length", "Cases that wait for a reviewer.", waiting["cases"])
    yield _value("review_overdue_seconds", "For how long the first of them should have been decided.", max(0.0, late))


def _value(name: str, about: str, value: float) -> Metric:
    gauge = _gauge(name, about)
    gauge.add_metric([], value)
    return gauge
