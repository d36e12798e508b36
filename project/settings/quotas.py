"""Rate limits, and the nightly look at the ledger. Tokens, tiers and exceptions are set in the admin."""

from typing import Any

from celery.schedules import crontab

from project.settings.environment import env

# Per minute, in sliding windows. A person's generations: ASSISTANT_GENERATIONS_PER_MINUTE, or their tier's.
RATE_GENERATIONS_PER_TEAM = env.int("RATE_GENERATIONS_PER_TEAM", 3_000)  # per minute, of those its pool pays
RATE_GENERATIONS_PER_ADDRESS = env.int("RATE_GENERATIONS_PER_ADDRESS", 6_000)  # per minute; an office has one address
RATE_SOCKETS_PER_PERSON = env.int("RATE_SOCKETS_PER_PERSON", 1_200)  # opened per minute, both kinds: 4529
RATE_SOCKETS_PER_ADDRESS = env.int("RATE_SOCKETS_PER_ADDRESS", 30_000)  # opened per minute, both kinds: 4529

QUOTA_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "check-ledger": {"task": "apps.quotas.tasks.check_ledger", "schedule": crontab("43", "2")},
}
