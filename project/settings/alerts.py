"""Alerts without a Prometheus: when somebody is told that something is wrong. docs/observability.md explains them."""

from typing import Any

from project.settings.environment import env

ALERT_SECONDS = env.float("ALERT_SECONDS", 30)  # between two looks at the metrics; 0: never, e.g. beside Prometheus
ALERT_EMAILS: list[str] = env.list("ALERT_EMAILS", [])  # who gets mail (unset: every superuser, where EMAIL_URL is set)
ALERT_WEBHOOK_URL = env.str("ALERT_WEBHOOK_URL", "")  # gets Alertmanager's JSON, version 4
ALERT_WEBHOOK_TOKEN = env.str("ALERT_WEBHOOK_TOKEN", "")  # sent to it as `Authorization: Bearer …`
ALERT_CLEAR_SECONDS = env.float("ALERT_CLEAR_SECONDS", 300)  # how long all must be well before an alert is over
ALERT_REPEAT_SECONDS = env.float("ALERT_REPEAT_SECONDS", 14_400)  # between two messages about one that goes on

ALERT_RECONNECTS_PER_MINUTE = env.float("ALERT_RECONNECTS_PER_MINUTE", 120)  # sockets that come back, over 5 minutes
ALERT_FIRST_TOKEN_SECONDS = env.float("ALERT_FIRST_TOKEN_SECONDS", 5)  # p95 over 10 minutes
ALERT_ERROR_SHARE = env.float("ALERT_ERROR_SHARE", 0.1)  # of generations that fail, over 10 minutes
ALERT_QUEUE_SECONDS = env.float("ALERT_QUEUE_SECONDS", 15)  # the oldest generation that no generator has taken
ALERT_TASK_QUEUE_SECONDS = env.float("ALERT_TASK_QUEUE_SECONDS", 300)  # the oldest background task that waits
ALERT_JOURNAL_SECONDS = env.float("ALERT_JOURNAL_SECONDS", 10)  # the oldest edit that is not committed
ALERT_QUOTA_SHARE = env.float("ALERT_QUOTA_SHARE", 0.2)  # of requests refused because tokens are used up, 15 minutes
ALERT_REVIEW_OVERDUE_SECONDS = env.float("ALERT_REVIEW_OVERDUE_SECONDS", 3_600)  # after a case was to be decided
ALERT_EVENTS_MIN = env.int("ALERT_EVENTS_MIN", 20)  # shares and percentiles of fewer events say nothing

ALERTS_BEAT_SCHEDULE: dict[str, dict[str, Any]] = (
    {"evaluate-alerts": {"task": "project.tasks.evaluate_alerts", "schedule": ALERT_SECONDS}} if ALERT_SECONDS else {}
)
