"""What is counted of background tasks."""

import time
from typing import Any

from celery import signals

from apps.core.metrics import LATENCY_SECONDS, counter, histogram
from apps.core.metrics_report import start_reporting, stop_reporting

SENT_AT = "sent_at"  # header of our tasks: seconds since the epoch
WAITED = histogram("task_wait_seconds", "From asking for a task to its beginning.")
RAN = histogram("task_seconds", "One run of a task.", "task", buckets=(*LATENCY_SECONDS, 600.0))
ENDED = counter("tasks", "Runs of tasks, by how they ended.", "task", "outcome")
OUTCOMES = {"SUCCESS": "done", "FAILURE": "failed", "RETRY": "retried"}

_started: dict[str, float] = {}


@signals.before_task_publish.connect
def note_when_sent(headers: dict[str, Any], **_: Any) -> None:
    headers[SENT_AT] = time.time()


@signals.task_prerun.connect
def note_start(task_id: str, task: Any, **_: Any) -> None:
    _started[task_id] = time.perf_counter()
    sent_at = getattr(task.request, SENT_AT, None)
    if sent_at:
        WAITED.observe(max(0.0, time.time() - sent_at))


@signals.task_postrun.connect
def note_end(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    started = _started.pop(task_id, None)
    if started is not None:
        RAN.labels(task.name).observe(time.perf_counter() - started)
    ENDED.labels(task.name, OUTCOMES.get(state or "", "other")).inc()


@signals.worker_process_init.connect
def start_in_pool(**_: Any) -> None:
    start_reporting("worker")


@signals.worker_process_shutdown.connect
def stop_in_pool(**_: Any) -> None:
    stop_reporting()


@signals.beat_init.connect
def start_in_beat(**_: Any) -> None:
    start_reporting("beat")
