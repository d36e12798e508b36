"""The audit trail, policies, rules, verdicts, held requests and cases."""

from apps.moderation.models.audit import AuditAnchor, AuditHead, AuditRecord
from apps.moderation.models.cases import Case, CaseDecision, Notice, Report
from apps.moderation.models.checks import AfterCheck
from apps.moderation.models.policies import AfterChecks, Mode, PolicyVersion, Routes, Screening, Spenders
from apps.moderation.models.rules import Action, Rule
from apps.moderation.models.verdicts import HeldRequest, Verdict

__all__ = [
    "Action",
    "AfterCheck",
    "AfterChecks",
    "AuditAnchor",
    "AuditHead",
    "AuditRecord",
    "Case",
    "CaseDecision",
    "HeldRequest",
    "Mode",
    "Notice",
    "PolicyVersion",
    "Report",
    "Routes",
    "Rule",
    "Screening",
    "Spenders",
    "Verdict",
]
