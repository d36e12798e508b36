"""The admin's pages of moderation: the audit trail, policies, rules, verdicts, held requests and cases."""

from apps.moderation.admin import after, audit, cases, held, policies, rules, verdicts

__all__ = ["after", "audit", "cases", "held", "policies", "rules", "verdicts"]
