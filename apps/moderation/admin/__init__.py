"""The admin's pages of moderation: the audit trail, policies, rules, verdicts and held requests."""

from apps.moderation.admin import audit, held, policies, rules, verdicts

__all__ = ["audit", "held", "policies", "rules", "verdicts"]
