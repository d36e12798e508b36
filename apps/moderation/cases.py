"""Cases: opened by what is found, reported, held or appealed; one for each target, opened again by something new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.moderation.models import Case, Verdict

SIMILAR_MAX = 20


@dataclass(frozen=True)
class Target:
    """What a case is about: `kind` and `id` as in Case, where it is, and whose doing."""

    kind: str
    id: UUID | str
    document_id: UUID | None
    user_id: UUID | None


def open_case(target: Target, *, hours: float) -> Case:
    """Return the target's case, open and locked until the caller's transaction ends; due within `hours` at most."""
    now = timezone.now()
    due_at = now + timedelta(hours=hours)
    found, is_new = Case.objects.get_or_create(
        target_kind=target.kind,
        target_id=str(target.id),
        defaults={"document_id": target.document_id, "user_id": target.user_id, "opened_at": now, "due_at": due_at},
    )
    case = Case.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if is_new:
        return case
    if case.state == Case.State.CLOSED:
        case.state, case.opened_at, case.due_at, case.closed_at = Case.State.OPEN, now, due_at, None
        case.version += 1
    case.due_at = min(case.due_at, due_at)
    case.save(update_fields=["state", "opened_at", "due_at", "closed_at", "version"])
    return case


def open_for(verdicts: Sequence[Verdict]) -> None:
    """Open the cases of the verdicts that wait for a reviewer, in the caller's transaction."""
    targets = {
        Target(one.target_kind, one.target_id, one.document_id, one.user_id)
        for one in verdicts
        if one.state == Verdict.State.WAITING
    }
    for target in sorted(targets, key=lambda one: (one.kind, str(one.id))):  # always in one order: each is locked
        open_case(target, hours=settings.REVIEW_HOURS)


def verdicts_of(case: Case) -> list[Verdict]:
    found = Verdict.objects.filter(target_kind=case.target_kind, target_id=case.target_id)
    return list(found.select_related("rule").order_by("pk"))


def similar_cases(case: Case) -> list[tuple[Case, str]]:
    """Return other cases and what makes each similar, the latest first: same words, same rule, same person."""
    own = verdicts_of(case)
    marks = {one.fingerprint for one in own if one.fingerprint}
    rules = {one.rule_id for one in own if one.rule_id}
    others = Case.objects.exclude(pk=case.pk).select_related("user").order_by("-opened_at")
    found: dict[UUID, tuple[Case, str]] = {}
    for words, alike in (
        ("the same words", _with_verdicts(Q(fingerprint__in=marks)) if marks else None),
        ("the same rule", _with_verdicts(Q(rule_id__in=rules)) if rules else None),
        ("the same person", Q(user_id=case.user_id) if case.user_id else None),
    ):
        if alike is not None:
            for one in others.filter(alike)[:SIMILAR_MAX]:
                found.setdefault(one.pk, (one, words))
    return list(found.values())[:SIMILAR_MAX]


def _with_verdicts(condition: Q) -> Q:
    ids = Verdict.objects.filter(condition).order_by("-pk").values_list("target_id", flat=True)[: 10 * SIMILAR_MAX]
    return Q(target_id__in=list(ids))
