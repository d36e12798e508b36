"""The audit trail."""

from apps.moderation.models.audit import AuditAnchor, AuditHead, AuditRecord

__all__ = ["AuditAnchor", "AuditHead", "AuditRecord"]
