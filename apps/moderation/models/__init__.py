"""The audit trail, rules, verdicts and held requests."""

from apps.moderation.models.audit import AuditAnchor, AuditHead, AuditRecord
from apps.moderation.models.rules import Action, Rule
from apps.moderation.models.verdicts import HeldRequest, Verdict

__all__ = ["Action", "AuditAnchor", "AuditHead", "AuditRecord", "HeldRequest", "Rule", "Verdict"]
