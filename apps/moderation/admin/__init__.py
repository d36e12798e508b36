"""The admin's pages of moderation: the audit trail, policies, rules, verdicts, held requests and cases."""

from apps.moderation.admin import audit, cases, held, policies, rules, verdicts

__all__ = ["audit", "cases", "held", "policies", "rules", "verdicts"]
