"""What everybody in a document may know about a person, and what is left to them."""

from typing import Literal
from uuid import UUID

from apps.accounts.models import User
from apps.assistant.messages import Person, Quota
from apps.documents.models import Document
from apps.quotas.allowances import Allowance
from apps.quotas.payers import next_payer


def person(user: User) -> Person:
    return Person(id=user.pk, name=user.display_name, color=user.caret_color)


def quota_of(user_id: UUID, document_id: UUID) -> Quota:
    """Return what is left to somebody in a document. Reads the database."""
    team_id = Document.objects.filter(pk=document_id).values_list("team_id", flat=True).first()
    return quota(next_payer(user_id, team_id))


def quota(allowance: Allowance) -> Quota:
    """Return what is left in the scarcest of day, week and month."""
    scarcest = allowance.scarcest
    payer: Literal["team"] | None = "team" if allowance.team_id else None
    if scarcest is None:
        return Quota(tier=allowance.tier, remaining_tokens=None, resets_at=None, payer=payer)
    return Quota(
        tier=allowance.tier,
        remaining_tokens=scarcest.left,
        resets_at=scarcest.resets_at.isoformat(),
        limit_tokens=scarcest.limit,
        window=scarcest.window,
        payer=payer,
    )
