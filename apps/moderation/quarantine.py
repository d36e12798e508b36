"""Requests that may run only when a reviewer has looked at them; and the door that every request goes through."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from apps.moderation.reviewed import request_decided
from apps.moderation.screening import CONTROLS_KIND as CONTROLS
from apps.moderation.screening import Asked, refuse_for, screen, sharpened
from apps.moderation.strictness import is_strict
from apps.moderation.verdicts import Place, record
from apps.quotas.allowances import allowance_of

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
    except RefusedInput as refusal:
        return decided(door, refusal)


def decided(door: Door, refusal: RefusedInput) -> list[Finding]:
    """Return what is to be noted of a request that was released. Raises BlockedInput or `refusal` where it was not."""
    known = HeldRequest.objects.filter(
        user_id=door.user_id, document_id=door.document_id, digest=_digest(door.asked, refusal.findings)
    ).first()
    if known is not None and known.state == HeldRequest.State.REFUSED:
        raise BlockedInput(REFUSED, [replace(one, action="block") for one in refusal.findings]) from None
    if known is None or known.state != HeldRequest.State.RELEASED or not _can_be_released(refusal):
        raise refusal
    return [replace(one, action="flag") for one in refusal.findings]


def _can_be_released(refusal: RefusedInput) -> bool:
    """Say whether a reviewer may let the same pass. What is no text was not looked at any further."""
    return isinstance(refusal, HeldInput) or not any(
        one.kind == CONTROLS or one.source == "model" for one in refusal.findings
    )


def judge(door: Door, findings: Sequence[Finding], *, run: str = "") -> None:
    """Store what was found in a request that runs already. Raises BlockedInput or HeldInput where it may not go on.

    `run`: see `verdicts.record`.
    """
    strict = is_strict(door.document_id, allowance_of(door.user_id).tier)
    try:
        noted = _noted(door, sharpened(findings) if strict else findings)
    except RefusedInput as refusal:
        write_down(door, refusal)
        raise
    with transaction.atomic():
        record(Place("generation", door.id, door.document_id, door.user_id, "input"), noted, run=run)


def _noted(door: Door, findings: Sequence[Finding]) -> Sequence[Finding]:
    try:
        refuse_for(findings)
    except HeldInput as held:
        return decided(door, held)
    return findings


def write_down(door: Door, refusal: RefusedInput) -> None:
    """Store why a request was refused, and the request itself where it waits for a reviewer."""
    with transaction.atomic():
        place = door.place
        if _can_be_released(refusal):
            held, is_new = HeldRequest.objects.get_or_create(
                user_id=door.user_id,
                document_id=door.document_id,
                digest=_digest(door.asked, refusal.findings),
                defaults={"id": door.id, **_kept(door, refusal)},
            )
            if not is_new and held.state != HeldRequest.State.BLOCKED:
                return  # asked again while it waits, or after it was refused
            if not is_new and isinstance(refusal, HeldInput):  # the rules have changed since it was blocked
                held.state, held.request = HeldRequest.State.WAITING, door.frame()
                held.save(update_fields=["state", "request"])
            place = replace(place, target_id=held.pk)
        record(place, refusal.findings)


def _kept(door: Door, refusal: RefusedInput) -> dict[str, Any]:
    """Return what is kept of a request: nothing of its text where it was blocked."""
    frame = door.frame()
    if isinstance(refusal, HeldInput):
        return {"request": frame}
    action = {"action": frame.get("action", "")}
    return {"request": action, "state": HeldRequest.State.BLOCKED, "told_at": timezone.now()}


def _digest(asked: Asked, findings: Sequence[Finding]) -> str:
    """Return what is the same where the same is found, and the same wanted. The text around it may change meanwhile."""
    found = sorted({f"{one.source} {one.kind} {one.rule} {_place_of(one)}" for one in findings})
    by_model = any(one.source == "model" for one in findings)  # which says of no words that they are meant
    said = hashlib.sha256(
        "\0".join((*asked.orders, *found, *(asked.read if by_model else ()))).encode("utf-8", "replace")
    )
    return salted_hmac(SALT, said.digest(), algorithm="sha256").hexdigest()


def _place_of(found: Finding) -> str:
    """Return the words that were found; of a model's findings nothing, which are of a text as a whole."""
    return "" if found.source == "model" else " ".join(found.text.split())


def uphold(request_id: UUID, reviewer: User) -> None:
    """Leave a blocked request as it is: the same is blocked again, and comes to no reviewer any more."""
    if HeldRequest.objects.filter(pk=request_id, state=HeldRequest.State.BLOCKED).exists():
        _decide(request_id, reviewer, HeldRequest.State.REFUSED, Verdict.State.UPHELD, anew=True)


def release(request_id: UUID, reviewer: User, *, anew: bool = False) -> HeldRequest:
    """Let a held request run. Raises Conflict where it was decided otherwise, but for `anew`."""
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
    held.state, held.decided_at, held.decided_by, held.told_at = state, timezone.now(), reviewer, None
    held.save(update_fields=["state", "decided_at", "decided_by", "told_at"])
    Verdict.objects.filter(target_kind="request", target_id=str(held.pk), state=Verdict.State.WAITING).update(
        state=verdict, reviewed_at=held.decided_at, reviewed_by=reviewer
    )
    transaction.on_commit(partial(request_decided.send_robust, sender=HeldRequest, held=held), robust=True)
    deeds.tell(f"moderation.request_{state}", target=("request", held.pk), actor_id=reviewer.pk, user=str(held.user_id))
    return held
