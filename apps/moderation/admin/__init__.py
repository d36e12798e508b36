"""The admin's pages of moderation: the audit trail, rules, verdicts and held requests."""

from apps.moderation.admin import audit, held, rules, verdicts

__all__ = ["audit", "held", "rules", "verdicts"]
