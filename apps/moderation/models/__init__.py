"""The audit trail, rules, verdicts, held requests and cases."""

from apps.moderation.models.audit import AuditAnchor, AuditHead, AuditRecord
from apps.moderation.models.cases import Case, CaseDecision, Notice, Report
from apps.moderation.models.rules import Action, Rule
from apps.moderation.models.verdicts import HeldRequest, Verdict

__all__ = [
    "Action",
    "AuditAnchor",
    "AuditHead",
    "AuditRecord",
    "Case",
    "CaseDecision",
    "HeldRequest",
    "Notice",
    "Report",
    "Rule",
    "Verdict",
]
