"""Suspending a person: at once, on everything of theirs that is open; told why, until when, and how to appeal.

`User.suspended_until` is read with the person by whatever lets somebody in, so it costs no round trip of its own.
"""

import logging
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Suspension, User
from apps.accounts.signals import appealing, suspending
from apps.core import deeds
from apps.core.errors import Conflict, Forbidden, Invalid

logger = logging.getLogger(__name__)

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
SUSPENDED = "Your account is suspended. Open Interline in a browser to see why, until when, and how to appeal."


class Suspended(Forbidden):
    """Not now, whatever they ask for."""


def refuse_suspended(user: User) -> None:
    """Raises Suspended."""
    if user.is_suspended:
        raise Suspended(SUSPENDED)


def suspension_of(user: User) -> Suspension | None:
    """Return the suspension that is in force."""
    if not user.is_suspended:
        return None
    return user.suspensions.filter(ended_at=None).first()


@transaction.atomic
def suspend(user_id: UUID, *, by: User, reason: str, until: datetime | None = None) -> Suspension:
    """Keep somebody out from now `until`; None: until a reviewer ends it. One that is in force is replaced.

    Raises Invalid without a reason and for a time that has passed, Forbidden for oneself and for administrators.
    """
    now = timezone.now()
    reason = reason.strip()
    if not reason:
        raise Invalid("reason: say why; they are told.")
    if until is not None and until <= now:
        raise Invalid("until: this time has passed.")
    suspending.send(sender=Suspension, user_id=user_id)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if user.pk == by.pk:
        raise Forbidden("Nobody suspends themselves.")
    if user.is_superuser and not by.is_superuser:
        raise Forbidden("Only an administrator may suspend an administrator.")
    user.suspensions.filter(ended_at=None).update(ended_at=now, ended_by=by)
    suspension = Suspension.objects.create(user=user, by=by, reason=reason, until=until)
    _set(user, until or OPEN_END)
    deeds.tell("user.suspended", target=("user", user.pk), actor_id=by.pk, until=until.isoformat() if until else None)
    logger.info("user.suspended", extra={"user": str(user.pk)})
    return suspension


@transaction.atomic
def restore(user_id: UUID, *, by: User, answer: str = "") -> bool:
    """End a suspension; False where there is none. An appeal that waits is granted, with `answer`."""
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    suspension = user.suspensions.filter(ended_at=None).first()
    if suspension is None or not user.is_suspended:
        return False
    suspension.ended_at, suspension.ended_by = timezone.now(), by
    if suspension.appeal == Suspension.Appeal.WAITING:
        suspension.appeal, suspension.answer = Suspension.Appeal.GRANTED, answer
    suspension.save(update_fields=["ended_at", "ended_by", "appeal", "answer"])
    _set(user, None)
    deeds.tell("user.restored", target=("user", user.pk), actor_id=by.pk)
    logger.info("user.restored", extra={"user": str(user.pk)})
    return True


@transaction.atomic
def appeal(user: User, text: str) -> Suspension:
    """Ask for the suspension to be looked at again. Raises Invalid, and Conflict where that cannot be asked (again)."""
    text = text.strip()
    if not text:
        raise Invalid("Say why this should be looked at again.")
    if len(text) > settings.APPEAL_MAX_CHARACTERS:
        raise Invalid(f"An appeal has at most {settings.APPEAL_MAX_CHARACTERS:,} characters.")
    appealing.send(sender=Suspension, user_id=user.pk)
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    suspension = suspension_of(locked)
    if suspension is None or not suspension.can_be_appealed:
        raise Conflict("There is nothing to appeal, or you have done so already.")
    suspension.appeal, suspension.appeal_text = Suspension.Appeal.WAITING, text
    suspension.appealed_at = timezone.now()
    suspension.save(update_fields=["appeal", "appeal_text", "appealed_at"])
    deeds.tell("user.appealed", target=("user", user.pk), actor_id=user.pk)
    return suspension


@transaction.atomic
def refuse_appeal(user_id: UUID, *, by: User, answer: str) -> bool:
    """Leave a suspension as it is, and tell the person why; False where no appeal waits."""
    waiting = Suspension.objects.select_for_update().filter(user_id=user_id, appeal=Suspension.Appeal.WAITING)
    suspension = waiting.filter(ended_at=None).first()
    if suspension is None:
        return False
    suspension.appeal, suspension.answer = Suspension.Appeal.REFUSED, answer
    suspension.save(update_fields=["appeal", "answer"])
    deeds.tell("user.appeal_refused", target=("user", user_id), actor_id=by.pk)
    return True


def _set(user: User, until: datetime | None) -> None:
    user.suspended_until = until
    user.save(update_fields=["suspended_until"])  # looked at again on every open socket: `receivers`
