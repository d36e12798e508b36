"""Reviewers' decisions: each made once, about what the reviewer has seen, in one transaction with what it does."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.suspension import refuse_appeal, restore, suspend
from apps.core import deeds
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.documents.comments import find_comment, set_hold
from apps.documents.models import Comment, Membership, Role
from apps.moderation import quarantine
from apps.moderation.cases import Target, open_case
from apps.moderation.mail import tell_appeal_refused, tell_restored, tell_suspended, tell_warned
from apps.moderation.models import Case, CaseDecision, HeldRequest, Notice, Verdict
from apps.moderation.signals import removing, restoring

logger = logging.getLogger(__name__)

Kind = CaseDecision.Kind
OUTCOMES = {
    Kind.APPROVE: Case.Outcome.APPROVED,
    Kind.REMOVE: Case.Outcome.REMOVED,
    Kind.WARN: Case.Outcome.WARNED,
    Kind.SUSPEND: Case.Outcome.SUSPENDED,
    Kind.RESTORE: Case.Outcome.RESTORED,
}
OVERTURNS = (Kind.APPROVE, Kind.RESTORE)
SPEAKS = (Kind.WARN, Kind.SUSPEND)  # to the person, who has to be told something


@dataclass(frozen=True)
class Wish:
    """What a reviewer wants. `version`: of the case as they saw it. `words`: to the person; `note`: to reviewers.

    `until`: of a suspension; None where only a reviewer ends it. `site`: where the installation is, for links in mails.
    """

    kind: Kind
    version: int
    note: str = ""
    words: str = ""
    until: datetime | None = None
    site: str = ""


def choices(case: Case) -> list[Kind]:
    """Return what can be decided about a case as it stands."""
    is_open = case.state != Case.State.CLOSED
    possible = {
        Kind.APPROVE: is_open and _can_be_approved(case),
        Kind.REMOVE: is_open and _can_be_removed(case),
        Kind.WARN: is_open and case.user_id is not None,
        Kind.SUSPEND: is_open and case.user is not None and not case.user.is_suspended,
        Kind.RESTORE: _can_be_restored(case),
        Kind.ESCALATE: case.state == Case.State.OPEN,
    }
    return [kind for kind, is_possible in possible.items() if is_possible]


def decide(case_id: UUID, wish: Wish, *, by: User) -> Case:
    """Do what a reviewer decided. Sent twice, it is done once.

    Raises Conflict where another reviewer was faster or the case does not allow it, Forbidden, Invalid.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).select_related("user").get(pk=case_id)
        if _is_done(case, wish, by):
            return case
        _check(case, wish, by)
        _EFFECTS[wish.kind](case, wish, by)
        CaseDecision.objects.create(
            case=case, by=by, kind=wish.kind, version=wish.version, note=wish.note.strip(), words=wish.words.strip()
        )
        _move_on(case, wish, by)
        deeds.tell(
            f"moderation.case_{wish.kind}",
            target=("case", case.pk),
            actor_id=by.pk,
            about=[case.target_kind, case.target_id],
            user=str(case.user_id) if case.user_id else None,
        )
    logger.info("moderation.decided", extra={"case": str(case.pk), "decision": wish.kind})
    return case


def _is_done(case: Case, wish: Wish, by: User) -> bool:
    """Say whether this very decision was made. Raises Conflict where another was, or something new came in."""
    if case.version == wish.version:
        return False
    made = case.decisions.select_related("by").filter(version=wish.version).first()
    if made is not None and made.by_id == by.pk and made.kind == wish.kind:
        return True
    if made is not None:
        raise Conflict(
            f"{made.by or 'Somebody'} was faster: {made.get_kind_display().lower()}. Look at it as it is now."
        )
    raise Conflict("Something new came in meanwhile. Look at it as it is now.")


def _check(case: Case, wish: Wish, by: User) -> None:
    if case.state == Case.State.ESCALATED and not by.has_perm("moderation.decide_escalated"):
        raise Forbidden("This case was passed on to somebody who may decide escalated cases.")
    if wish.kind not in choices(case):
        raise Conflict("This cannot be decided about the case as it stands.")
    if wish.kind in SPEAKS and not wish.words.strip():
        raise Invalid("words: say to the person what this is about.")
    if wish.kind == Kind.ESCALATE and not wish.note.strip():
        raise Invalid("note: say to the next reviewer what they should look at.")
    if max(len(wish.note), len(wish.words)) > settings.REVIEW_WORDS_MAX_CHARACTERS:
        raise Invalid(f"At most {settings.REVIEW_WORDS_MAX_CHARACTERS:,} characters.")
    if case.user_id == by.pk and not by.is_superuser:
        raise Forbidden("Nobody decides about what they did themselves.")


def _move_on(case: Case, wish: Wish, by: User) -> None:
    """Bring the case, its verdicts and reports where the decision leaves them."""
    now = timezone.now()
    case.version += 1
    if wish.kind == Kind.ESCALATE:
        case.state = Case.State.ESCALATED
        case.due_at = now + timedelta(hours=settings.REVIEW_ESCALATED_HOURS)
    else:
        case.state, case.outcome, case.closed_at = Case.State.CLOSED, OUTCOMES[wish.kind], now
        state = Verdict.State.OVERTURNED if wish.kind in OVERTURNS else Verdict.State.UPHELD
        Verdict.objects.filter(target_kind=case.target_kind, target_id=case.target_id).exclude(
            state=Verdict.State.NOTED
        ).update(state=state, reviewed_at=now, reviewed_by=by)
        case.reports.filter(answered_at=None).update(answered_at=now, outcome=case.outcome)
    case.save(update_fields=["version", "state", "outcome", "closed_at", "due_at"])


# ---------------------------------------------------------------- what a decision brings about


def _approve(case: Case, wish: Wish, by: User) -> None:
    is_of_person = case.target_kind == Case.Target.PERSON
    if is_of_person and case.user is not None and refuse_appeal(case.user.pk, by=by, answer=wish.words):
        tell_appeal_refused(case.user, answer=wish.words.strip(), site=wish.site)
    comment = reviewed_comment(case)
    if comment is not None and comment.hold == Comment.Hold.HELD:
        set_hold(comment.pk, Comment.Hold.NONE, site=wish.site)
    _release(case, by, HeldRequest.State.WAITING, HeldRequest.State.BLOCKED)


def _remove(case: Case, wish: Wish, by: User) -> None:
    if case.target_kind == Case.Target.REQUEST:
        held = held_request(case)
        if held is None or held.state == HeldRequest.State.BLOCKED:
            quarantine.uphold(UUID(case.target_id), by)
        else:
            quarantine.refuse(held.pk, by)
        return
    if case.target_kind == Case.Target.COMMENT:
        _remove_comment(case)
        return
    accepted = [
        text for _, texts in removing.send(sender=Case, generation_id=UUID(case.target_id)) for text in texts or ()
    ]
    if accepted and case.document_id:
        owners = Membership.objects.filter(document_id=case.document_id, role=Role.OWNER)
        Notice.objects.bulk_create(
            Notice(
                user_id=user_id,
                case=case,
                kind=Notice.Kind.REMOVAL,
                document_id=case.document_id,
                words="\n\n".join(accepted),
            )
            for user_id in owners.values_list("user_id", flat=True)
        )


def _remove_comment(case: Case) -> None:
    """Take it out of everybody's sight; who wrote it is told, and keeps the words."""
    comment = set_hold(UUID(case.target_id), Comment.Hold.WITHHELD)
    if comment is not None and comment.author_id is not None:
        Notice.objects.create(
            user_id=comment.author_id,
            case=case,
            kind=Notice.Kind.REMOVAL,
            document_id=case.document_id,
            words=comment.body,
        )


def _warn(case: Case, wish: Wish, by: User) -> None:
    assert case.user is not None
    Notice.objects.create(user=case.user, case=case, kind=Notice.Kind.WARNING, words=wish.words.strip())
    tell_warned(case.user, words=wish.words.strip(), site=wish.site)


def _suspend(case: Case, wish: Wish, by: User) -> None:
    assert case.user is not None
    suspend(case.user.pk, by=by, reason=wish.words, until=wish.until)
    tell_suspended(case.user, reason=wish.words.strip(), until=wish.until, site=wish.site)


def _restore(case: Case, wish: Wish, by: User) -> None:
    if case.user is not None and restore(case.user.pk, by=by, answer=wish.words.strip()):
        tell_restored(case.user, answer=wish.words.strip(), site=wish.site)
    if case.target_kind == Case.Target.GENERATION:
        restoring.send(sender=Case, generation_id=UUID(case.target_id))
    if case.target_kind == Case.Target.COMMENT:
        set_hold(UUID(case.target_id), Comment.Hold.NONE, site=wish.site)
    _release(case, by, HeldRequest.State.WAITING, HeldRequest.State.REFUSED)


def _escalate(case: Case, wish: Wish, by: User) -> None:
    """Passing on brings nothing about."""


_EFFECTS: dict[Kind, Callable[[Case, Wish, User], None]] = {
    Kind.APPROVE: _approve,
    Kind.REMOVE: _remove,
    Kind.WARN: _warn,
    Kind.SUSPEND: _suspend,
    Kind.RESTORE: _restore,
    Kind.ESCALATE: _escalate,
}


def _release(case: Case, by: User, *states: HeldRequest.State) -> None:
    """Let the held request of a case run, and tell who asked."""
    held = held_request(case)
    if held is None or held.state not in states:
        return
    quarantine.release(held.pk, by, anew=True)
    Notice.objects.create(user_id=held.user_id, case=case, kind=Notice.Kind.RELEASE, document_id=held.document_id)


def held_request(case: Case) -> HeldRequest | None:
    if case.target_kind != Case.Target.REQUEST:
        return None
    return HeldRequest.objects.filter(pk=case.target_id).first()


def reviewed_comment(case: Case) -> Comment | None:
    """Return the comment a case is about; None where it was refused, or is gone."""
    return find_comment(UUID(case.target_id)) if case.target_kind == Case.Target.COMMENT else None


def is_removed(case: Case) -> bool:
    """Say whether a reviewer withdrew it, and none has restored it since."""
    kinds = case.decisions.filter(kind__in=(Kind.REMOVE, Kind.RESTORE)).order_by("-pk").values_list("kind", flat=True)
    return kinds.first() == Kind.REMOVE


def _can_be_approved(case: Case) -> bool:
    """Say whether approving can bring anything about: a request of which nothing is known cannot be let pass."""
    return case.target_kind != Case.Target.REQUEST or held_request(case) is not None


def is_blocked(case: Case) -> bool:
    """Say whether the case is about a request that was refused when it was asked."""
    held = held_request(case)
    return case.target_kind == Case.Target.REQUEST and (held is None or held.state == HeldRequest.State.BLOCKED)


def _can_be_removed(case: Case) -> bool:
    held = held_request(case)
    if is_blocked(case):
        return True
    comment = reviewed_comment(case)
    if comment is not None and comment.hold != Comment.Hold.WITHHELD:
        return True
    is_answer = case.target_kind == Case.Target.GENERATION and not is_removed(case)
    return is_answer or (held is not None and held.state == HeldRequest.State.WAITING)


def _can_be_restored(case: Case) -> bool:
    held = held_request(case)
    return (
        (case.user is not None and case.user.is_suspended)
        or (held is not None and held.state == HeldRequest.State.REFUSED)
        or (case.target_kind == Case.Target.GENERATION and is_removed(case))
        or ((comment := reviewed_comment(case)) is not None and comment.hold == Comment.Hold.WITHHELD)
    )


# ---------------------------------------------------------------- a held request by itself


def release_held(request_id: UUID, by: User) -> HeldRequest:
    """Let a held request run: its case is approved. Raises as `decide`."""
    return _decide_held(request_id, Kind.APPROVE, HeldRequest.State.RELEASED, by)


def refuse_held(request_id: UUID, by: User) -> HeldRequest:
    """Have a held request refused for good: it is removed. Raises as `decide`."""
    return _decide_held(request_id, Kind.REMOVE, HeldRequest.State.REFUSED, by)


@transaction.atomic
def _decide_held(request_id: UUID, kind: Kind, state: HeldRequest.State, by: User) -> HeldRequest:
    held = HeldRequest.objects.get(pk=request_id)
    if held.state == state:
        return held
    if held.state != HeldRequest.State.WAITING:
        raise Conflict(f"Somebody has {held.get_state_display().lower()} this request already.")
    case = open_case(Target("request", held.pk, held.document_id, held.user_id), hours=settings.REVIEW_HOURS)
    decide(case.pk, Wish(kind, case.version), by=by)
    held.refresh_from_db()
    return held
