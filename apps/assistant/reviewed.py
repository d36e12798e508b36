"""What becomes of a held request when a reviewer has decided: released, it runs; and whoever asked is told.

Told at once where they have the document open, else when they open it next.
"""

import logging
from typing import Any
from uuid import UUID, uuid4

from django.dispatch import receiver
from django.utils import timezone

from apps.accounts.suspension import refuse_suspended
from apps.assistant.messages.client import Generate
from apps.assistant.messages.server import Reviewed
from apps.assistant.services import start_generation
from apps.core.control import broadcast
from apps.core.errors import InterlineError
from apps.moderation.models import HeldRequest
from apps.moderation.reviewed import REQUEST_REVIEWED, request_decided

logger = logging.getLogger(__name__)

RELEASED = "A reviewer has released what you asked for. The assistant works on it now."
NOT_STARTED = "A reviewer has released what you asked for, but it could not start: {reason} Ask the same again."
PASSES = "A reviewer has looked at what was refused, and lets it pass. Ask the same again now, and it is answered."
REFUSED = "A reviewer has looked at what you asked for, and the assistant may not work on it. Your text is as it was."
TOLD_AT_ONCE = 20


@receiver(request_decided, dispatch_uid="assistant.request_decided")
def _on_decided(held: HeldRequest, **_: Any) -> None:
    reason = run(held) if held.state == HeldRequest.State.RELEASED and is_kept(held) else ""
    if reason:
        HeldRequest.objects.filter(pk=held.pk).update(failure=reason)
    broadcast(REQUEST_REVIEWED, document_id=str(held.document_id), user_id=str(held.user_id), request_id=str(held.pk))


def is_kept(held: HeldRequest) -> bool:
    """Say whether the request is there to be run: not where it was blocked when it was asked."""
    return "input" in held.request


def run(held: HeldRequest) -> str:
    """Start what was asked for as who asked for it; return why it could not, empty where it did."""
    request = Generate.model_validate(held.request | {"id": str(uuid4())})
    try:
        refuse_suspended(held.user)
        start_generation(held.user, held.document_id, request)
    except InterlineError as error:
        logger.info("moderation.released_not_started", extra={"request": str(held.pk), "code": error.code})
        return error.message
    return ""


def take_reviewed(user_id: UUID, document_id: UUID) -> list[Reviewed]:
    """Return what this person has not been told yet of their requests in a document; from now on they have."""
    decided = HeldRequest.objects.filter(user_id=user_id, document_id=document_id, told_at=None)
    undecided = (HeldRequest.State.WAITING, HeldRequest.State.BLOCKED)
    rows = list(decided.exclude(state__in=undecided).order_by("decided_at")[:TOLD_AT_ONCE])
    if rows:
        HeldRequest.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=timezone.now())
    return [reviewed_of(row) for row in rows]


def reviewed_of(held: HeldRequest) -> Reviewed:
    """Return what a person is told of the decision about their request."""
    action = str(held.request.get("action", ""))
    if held.state == HeldRequest.State.REFUSED:
        return Reviewed(id=held.pk, action=action, decision="refused", message=REFUSED)
    if not is_kept(held):
        return Reviewed(id=held.pk, action=action, decision="released", message=PASSES)
    message = NOT_STARTED.format(reason=held.failure) if held.failure else RELEASED
    return Reviewed(id=held.pk, action=action, decision="released", message=message)
