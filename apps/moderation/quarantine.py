"""Requests that may run only when a reviewer has looked at them; and the door that every request goes through."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.accounts.models import User
from apps.core import deeds
from apps.core.errors import Conflict
from apps.moderation.errors import BlockedInput, HeldInput, RefusedInput
from apps.moderation.models import HeldRequest, Verdict
from apps.moderation.redaction import Finding, Lookout
from apps.moderation.screening import Asked, screen
from apps.moderation.verdicts import Place, record

logger = logging.getLogger(__name__)

SALT = "apps.moderation.quarantine"
REFUSED = "Somebody has looked at this, and it may not be written about here. Change it, and try again."


@dataclass(frozen=True)
class Door:
    """Who asks for what where. `frame` gives the request as it came, for whoever looks at it later."""

    id: UUID
    user_id: UUID
    document_id: UUID
    asked: Asked
    frame: Callable[[], dict[str, Any]]

    @property
    def place(self) -> Place:
        return Place("request", self.id, self.document_id, self.user_id, "input")


def admit(door: Door, looked_for: Lookout | None, *, strict: bool = False) -> list[Finding]:
    """Return what is to be noted of a request that may pass: by itself, or because a reviewer released it.

    `strict`: see `screen`. Raises BlockedInput or HeldInput: write it down with `write_down`, outside of a transaction
    that is rolled back.
    """
    try:
        return screen(door.asked, looked_for, strict=strict)
    except HeldInput as held:
        decided = HeldRequest.objects.filter(
            user_id=door.user_id, document_id=door.document_id, digest=_digest(door.asked, held.findings)
        ).first()
        if decided is not None and decided.state == HeldRequest.State.REFUSED:
            raise BlockedInput(REFUSED, [replace(one, action="block") for one in held.findings]) from None
        if decided is None or decided.state == HeldRequest.State.WAITING:
            raise
        return [replace(one, action="flag") for one in held.findings]


def write_down(door: Door, refusal: RefusedInput) -> None:
    """Store why a request was refused, and the request itself where it waits for a reviewer."""
    with transaction.atomic():
        if isinstance(refusal, HeldInput):
            _, is_new = HeldRequest.objects.get_or_create(
                user_id=door.user_id,
                document_id=door.document_id,
                digest=_digest(door.asked, refusal.findings),
                defaults={"id": door.id, "request": door.frame()},
            )
            if not is_new:
                return  # asked again while it waits
        record(door.place, refusal.findings)


def _digest(asked: Asked, findings: Sequence[Finding]) -> str:
    """Return what is the same where the same is found, and the same wanted. The text around it may change meanwhile."""
    found = sorted({f"{one.source} {one.kind} {one.rule} {' '.join(one.text.split())}" for one in findings})
    said = hashlib.sha256("\0".join((*asked.orders, *found)).encode("utf-8", "replace"))
    return salted_hmac(SALT, said.digest(), algorithm="sha256").hexdigest()


def release(request_id: UUID, reviewer: User, *, anew: bool = False) -> HeldRequest:
    """Let a held request run when it is asked again. Raises Conflict where it was decided otherwise, but for `anew`."""
    return _decide(request_id, reviewer, HeldRequest.State.RELEASED, Verdict.State.OVERTURNED, anew=anew)


def refuse(request_id: UUID, reviewer: User) -> HeldRequest:
    """Have a held request refused for good. Raises Conflict where it was decided otherwise."""
    return _decide(request_id, reviewer, HeldRequest.State.REFUSED, Verdict.State.UPHELD)


@transaction.atomic
def _decide(
    request_id: UUID, reviewer: User, state: HeldRequest.State, verdict: Verdict.State, *, anew: bool = False
) -> HeldRequest:
    held = HeldRequest.objects.select_for_update().get(pk=request_id)
    if held.state == state:
        return held
    if held.state != HeldRequest.State.WAITING and not anew:
        raise Conflict(f"Somebody has {held.get_state_display().lower()} this request already.")
    held.state, held.decided_at, held.decided_by = state, timezone.now(), reviewer
    held.save(update_fields=["state", "decided_at", "decided_by"])
    Verdict.objects.filter(target_kind="request", target_id=str(held.pk), state=Verdict.State.WAITING).update(
        state=verdict, reviewed_at=held.decided_at, reviewed_by=reviewer
    )
    deeds.tell(f"moderation.request_{state}", target=("request", held.pk), actor_id=reviewer.pk, user=str(held.user_id))
    return held
