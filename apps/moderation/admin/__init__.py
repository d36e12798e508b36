"""The admin's pages of moderation: the audit trail, rules and verdicts."""

from apps.moderation.admin import audit, rules, verdicts

__all__ = ["audit", "rules", "verdicts"]
