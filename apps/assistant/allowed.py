"""What policies let the assistant do in a document for one person, as pages are told of it; and stopping the rest."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.assistant.actions import Action, find_action
from apps.assistant.admission import DOCUMENT_LOCK_SPACE
from apps.assistant.ends import stop
from apps.assistant.messages.server import PolicyHeld, PolicyInForce
from apps.assistant.models import OPEN_STATES, Generation
from apps.core.errors import NotFound
from apps.core.postgres import Statement, in_one_trip
from apps.documents.access import Access, access_document
from apps.moderation.policies import FIELDS, READ, Level, level_of, levels_of, said_by, strictest, versions
from apps.moderation.policy_words import held_by
from apps.quotas.allowances import allowance_from, reading

logger = logging.getLogger(__name__)

LOCK = "SELECT pg_advisory_xact_lock(%(space)s::int, %(document)s::int)"


def policy_for(user_id: UUID, access: Access) -> PolicyInForce:
    """Return what holds for `user_id`, who has `access`. One query, and some more where a policy has to be named."""
    levels = levels_for(user_id, access.document.pk, access.document.team_id)
    policy = strictest(level.policy for level in levels)
    held = [
        PolicyHeld(level=one.level.kind, says=list(one.says), by=one.by, reason=one.level.reason)
        for one in held_by(levels)
    ]
    return PolicyInForce(
        mode=policy.mode.value,
        routes=policy.routes.value,
        spenders=policy.spenders.value,
        screening=policy.screening.value,
        after_checks=policy.after_checks.value,
        refusal=policy.refusal(access.role, access.own, suggests=True),
        held=held,
    )


def levels_for(user_id: UUID, document_id: UUID, team_id: UUID | None) -> list[Level]:
    """Return what every level says, the widest first."""
    now = timezone.now()
    [row], said = in_one_trip(reading(user_id, now), Statement(READ, {"document": document_id}))
    wider = levels_of(tier=allowance_from(row, now).tier, team_id=team_id)
    own = versions(document_id=document_id).first() if said else None
    return [*wider, level_of(own)] if own else wider


def stop_forbidden(document_id: UUID | None, team_id: UUID | None) -> None:
    """Stop what runs and might not be asked for any more, as its person might. Both None: everywhere.

    What is just being started in a document is waited for.
    """
    if document_id is not None:
        lock_document(document_id)
    running = Generation.objects.filter(state__in=OPEN_STATES).select_related("user")
    if document_id is not None:
        running = running.filter(document_id=document_id)
    elif team_id is not None:
        running = running.filter(document__team_id=team_id)
    for generation in running.defer("input", "text", "events"):
        if _is_forbidden(generation):
            logger.info("generation.against_policy", extra={"generation": str(generation.pk)})
            stop(generation.pk)


@transaction.atomic
def lock_document(document_id: UUID) -> None:
    """Wait until nothing is being started in the document: what comes later has read the policy of now."""
    in_one_trip(Statement(LOCK, {"space": DOCUMENT_LOCK_SPACE, "document": document_id.int % 2**31}))


def _is_forbidden(generation: Generation) -> bool:
    try:
        access = access_document(generation.user, generation.document_id)
    except NotFound:
        return False  # no matter of policies
    levels = levels_for(generation.user_id, generation.document_id, access.document.team_id)
    policy = strictest(level.policy for level in levels)
    models = generation.options.get("models") or [generation.model]
    suggests = find_action(generation.action).suggests
    return bool(policy.refusal(access.role, access.own, suggests=suggests)) or not all(map(policy.allows_model, models))


def refusals(held: PolicyInForce, access: Access) -> Callable[[Action], str]:
    """Return what says why somebody with `access` may not ask for an action; empty where they may."""
    policy = said_by([getattr(held, name) for name in FIELDS])
    return lambda action: policy.refusal(access.role, access.own, suggests=action.suggests)
