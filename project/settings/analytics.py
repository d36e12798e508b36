"""Events, roll-ups and experiments."""

from typing import Any

from celery.schedules import crontab

from project.settings.environment import env

ANALYTICS_EVENTS_MAX = 20_000  # that wait in one process; more are dropped, and counted
ANALYTICS_FLUSH_SECONDS = env.float("ANALYTICS_FLUSH_SECONDS", 5.0)  # how often a process writes its events down
ANALYTICS_EVENT_DAYS = env.int("ANALYTICS_EVENT_DAYS", 30)  # single events are kept so long
ANALYTICS_HOURLY_DAYS = env.int("ANALYTICS_HOURLY_DAYS", 90)  # figures by the hour; those by the day stay
ANALYTICS_HOURS_PER_RUN = 240  # rolled up at most before the next run goes on
ANALYTICS_KEPT_PER_RUN = 200  # answers whose text is looked for again, per age
ANALYTICS_COHORT_WEEKS = 26
ANALYTICS_CSV_ROWS_MAX = 100_000
AI_MODEL_PRICES: Any = env.json("AI_MODEL_PRICES", {})  # {model: [US$ per 1M prompt, answer tokens]}

ANALYTICS_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "roll-up-analytics": {"task": "apps.analytics.tasks.roll_up", "schedule": crontab("*/5")},
    "look-for-kept-text": {"task": "apps.analytics.tasks.look_for_kept_text", "schedule": crontab("4-59/10")},
    "form-cohorts": {"task": "apps.analytics.tasks.form_cohorts", "schedule": crontab("37", "4")},
    "let-events-go": {"task": "apps.analytics.tasks.let_events_go", "schedule": crontab("23", "4")},
    "judge-experiments": {"task": "apps.analytics.tasks.judge_experiments", "schedule": 60.0},
    "count-what-lives": {"task": "project.tasks.count_what_lives", "schedule": 60.0},
}
