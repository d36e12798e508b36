"""What everybody in a document may know about a person, and what is left to them."""

from typing import Literal
from uuid import UUID

from django.conf import settings

from apps.accounts.models import User
from apps.assistant.messages.client import ANCHOR_MAX_BYTES
from apps.assistant.messages.common import Person, Quota
from apps.assistant.messages.server import Limits
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
    smaller = allowance.smaller.left if allowance.smaller.limit else None
    return Quota(
        tier=allowance.tier,
        remaining_tokens=scarcest.left,
        resets_at=scarcest.resets_at.isoformat(),
        limit_tokens=scarcest.limit,
        window=scarcest.window,
        payer=payer,
        smaller_tokens=smaller,
    )


def limits(allowance: Allowance) -> Limits:
    """Return what holds for a person: the installation's limits, or their tier's where those are lower."""

    def lower(ours: int, theirs: int | None) -> int:
        return ours if theirs is None else min(ours, theirs)

    return Limits(
        frame_bytes=settings.ASSISTANT_FRAME_MAX_BYTES,
        input_characters=settings.ASSISTANT_INPUT_MAX_CHARACTERS,
        anchor_bytes=ANCHOR_MAX_BYTES,
        max_output_tokens=lower(settings.ASSISTANT_OUTPUT_MAX_TOKENS, allowance.max_output_tokens),
        generations_per_minute=lower(settings.ASSISTANT_GENERATIONS_PER_MINUTE, allowance.requests_per_minute),
        concurrent_generations=lower(settings.ASSISTANT_CONCURRENT_GENERATIONS, allowance.concurrent_per_person),
        unacknowledged_events=settings.ASSISTANT_SOCKET_WINDOW_EVENTS,
    )
