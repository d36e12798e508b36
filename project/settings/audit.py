"""The audit trail: how long it keeps addresses, and how often its end is witnessed."""

from typing import Any

from celery.schedules import crontab

from project.settings.environment import env

AUDIT_ADDRESS_DAYS = env.int("AUDIT_ADDRESS_DAYS", 365)  # then a record loses its network address; the rest stays
AUDIT_ANCHOR_SECONDS = env.float("AUDIT_ANCHOR_SECONDS", 900)  # between two witnesses of the chain's end

AUDIT_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "anchor-audit": {"task": "apps.moderation.tasks.anchor_audit", "schedule": AUDIT_ANCHOR_SECONDS},
    "erase-audit-addresses": {"task": "apps.moderation.tasks.erase_audit_addresses", "schedule": crontab("7", "4")},
}
