"""What Celery beat starts and when: the apps' own schedules, joined."""

from typing import Any

from celery.schedules import crontab

from project.settings import accounts, alerts, analytics, assistant, audit, collaboration, moderation, quotas, retention

CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "clear-expired-sessions": {"task": "project.tasks.clear_expired_sessions", "schedule": crontab("17", "3")},
    **getattr(collaboration, "COLLABORATION_BEAT_SCHEDULE", {}),
    **getattr(assistant, "ASSISTANT_BEAT_SCHEDULE", {}),
    **analytics.ANALYTICS_BEAT_SCHEDULE,
    **accounts.ACCOUNTS_BEAT_SCHEDULE,
    **quotas.QUOTA_BEAT_SCHEDULE,
    **moderation.MODERATION_BEAT_SCHEDULE,
    **audit.AUDIT_BEAT_SCHEDULE,
    **retention.RETENTION_BEAT_SCHEDULE,
    **alerts.ALERTS_BEAT_SCHEDULE,
}
