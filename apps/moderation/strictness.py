"""How closely things are looked at in a document: the one place that puts settings and policies together."""

from uuid import UUID

from django.conf import settings

from apps.llm.routes import is_local
from apps.moderation.models import AfterChecks, PolicyVersion, Screening
from apps.moderation.policies import in_force_in

TRANSCRIPT, DOCUMENT = "generation", "document"
LOOKED_AT = {"none": (), "transcripts": (TRANSCRIPT,), "everything": (TRANSCRIPT, DOCUMENT)}


def is_looked_at_after(target_kind: str, document_id: UUID) -> bool:
    """Say whether a transcript of a document, or the document, is looked at once more when it is there in full."""
    if target_kind in LOOKED_AT.get(settings.MODERATION_AFTER, ()):
        return True
    return target_kind in LOOKED_AT[in_force_in(document_id).after_checks.value]


def may_be_looked_at_after(target_kind: str) -> bool:
    """Say whether any is."""
    if target_kind in LOOKED_AT.get(settings.MODERATION_AFTER, ()):
        return True
    return PolicyVersion.objects.exclude(after_checks=AfterChecks.NONE).exists()


def is_strict(document_id: UUID, tier: str) -> bool:
    """Say whether what would only be noted waits for a reviewer. `tier`: of who asks."""
    return in_force_in(document_id, tier=tier).screening is Screening.STRICT


def may_ask_model(document_id: UUID, tier: str = "") -> bool:
    """Say whether AI_MODERATION_MODEL may read text of a document: where only local models may, only a local one."""
    return is_local(settings.AI_MODERATION_MODEL) or not in_force_in(document_id, tier=tier).is_local_only
