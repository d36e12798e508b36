"""Looks once more at what is there in full. Its results are verdicts; nothing is changed by it.

A look counts for one state of its target and one version of what is looked for: done twice, by a worker that died in
between, or by two at once, it leaves one verdict of each kind.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from apps.core.errors import InterlineError
from apps.llm.classifying import classify_now
from apps.moderation.lookouts import input_lookout, lookout
from apps.moderation.model_check import findings_of, is_set
from apps.moderation.models import AfterCheck, Verdict
from apps.moderation.models.checks import ERROR_MAX_CHARACTERS
from apps.moderation.redaction import Finding, Lookout
from apps.moderation.rules import RuleSet, rules
from apps.moderation.screening import found_by_rules, screen_read
from apps.moderation.strictness import may_ask_model
from apps.moderation.verdicts import Place, record

logger = logging.getLogger(__name__)

LOOKS_VERSION = 1  # of the code here, and of what it looks for beside rules
WAIT_MAX_SECONDS = 3_600


@dataclass(frozen=True)
class Subject:
    """Something there in full. `of`: which state of it; `tier`: of whoever asked for it.

    `written`: by people, or given to a model to read; `answered`: by a model.
    """

    place: Place
    of: datetime
    written: Sequence[str]
    answered: Sequence[str] = ()
    tier: str = ""


def version_of(known: RuleSet) -> str:
    """Return what changes with everything that is looked for."""
    said = [
        *(
            [rule.id, rule.kind, rule.content, rule.action, rule.direction, rule.language, rule.tier]
            for rule in known.rules
        ),
        [settings.MODERATION_CUT_TERMS, settings.MODERATION_BLOCKED_TERMS],
        [settings.MODERATION_HIDDEN_TEXT, settings.MODERATION_INDIRECT_INJECTION, LOOKS_VERSION],
        [settings.AI_MODERATION_MODEL, settings.MODERATION_MODEL_ACTION, settings.MODERATION_MODEL_ACTIONS],
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def due(targets: "QuerySet[Any]", kind: str, of: str) -> "QuerySet[Any]":
    """Return those of `targets` whose present state was not looked at by the present rules; `of` names its field."""
    checks = AfterCheck.objects.filter(target_kind=kind, target_id=Cast(OuterRef("pk"), CharField()))
    is_over = Q(done_at__isnull=False) | Q(failures__gte=settings.MODERATION_AFTER_TRIES_MAX)
    is_done = Q(of=OuterRef(of), rules=version_of(rules.get())) & is_over
    return targets.exclude(Exists(checks.filter(is_done | Q(not_before__gt=timezone.now()))))


def check(subject: Subject) -> list[Verdict]:
    """Look at `subject` and return the verdicts that are new. Raises what fails: `note_failure` has it due later."""
    known = rules.get()
    version = version_of(known)
    found = look(subject, known)
    with transaction.atomic():
        row, _ = AfterCheck.objects.select_for_update().get_or_create(
            target_kind=subject.place.target_kind,
            target_id=str(subject.place.target_id),
            defaults={"of": subject.of, "rules": version},
        )
        if row.done_at and (row.of, row.rules) == (subject.of, version):
            return []
        new = record(subject.place, _not_known(subject, found), run=f"{subject.of.timestamp():.6f} {version[:12]}")
        row.of, row.rules, row.done_at, row.failures, row.not_before = subject.of, version, timezone.now(), 0, None
        row.error = ""
        row.save()
    return new


def look(subject: Subject, known: RuleSet) -> list[Finding]:
    """Return everything that is found. Raises an InterlineError where the moderation model does not answer."""
    texts, place = (*subject.written, *subject.answered), subject.place
    asks = is_set() and place.document_id is not None and may_ask_model(place.document_id, subject.tier)
    return [
        *_by_rules(input_lookout(known, tier=subject.tier), subject.written),
        *_by_rules(lookout(known, tier=subject.tier) if subject.answered else None, subject.answered),
        *screen_read(subject.written),
        *(findings_of(classify_now(texts, seconds=settings.MODERATION_MODEL_SECONDS)) if asks else ()),
    ]


def _by_rules(looked_for: Lookout | None, texts: Sequence[str]) -> list[Finding]:
    """Return what rules find. What has a built-in shape was cut out of answers, and in a document is people's own."""
    return [one for one in found_by_rules(looked_for, texts) if one.rule is not None]


def _not_known(subject: Subject, found: Sequence[Finding]) -> list[Finding]:
    """Return what was not found when it was asked or answered: a reviewer sees one thing once."""
    seen = Verdict.objects.filter(target_id=str(subject.place.target_id)).exclude(stage=Verdict.Stage.AFTER)
    known: set[tuple[str, str, int | None]] = set(seen.values_list("source", "category", "rule_id"))
    rule_ids = {rule for source, _, rule in known if rule is not None}
    return [
        one
        for one in found
        if (one.rule not in rule_ids if one.rule is not None else (one.source, one.kind, None) not in known)
    ]


def note_failure(kind: str, target_id: UUID, of: datetime, error: Exception) -> None:
    """Note that a look failed: the next is later each time, and after MODERATION_AFTER_TRIES_MAX there is none.

    Until then what others need is not held up; afterwards an administrator may have it looked at again.
    """
    version = version_of(rules.get())
    code = error.code if isinstance(error, InterlineError) else type(error).__name__
    with transaction.atomic():
        row, _ = AfterCheck.objects.select_for_update().get_or_create(
            target_kind=kind, target_id=str(target_id), defaults={"of": of, "rules": version}
        )
        if (row.of, row.rules) != (of, version):
            row.of, row.rules, row.done_at, row.failures = of, version, None, 0
        row.failures += 1
        seconds = min(settings.MODERATION_AFTER_RETRY_SECONDS * 2 ** (row.failures - 1), WAIT_MAX_SECONDS)
        row.not_before = timezone.now() + timedelta(seconds=seconds)
        row.error = code[:ERROR_MAX_CHARACTERS]
        row.save()
    is_last = row.failures >= settings.MODERATION_AFTER_TRIES_MAX
    said = {"target": f"{kind} {target_id}", "code": code, "failures": row.failures, "is_last": is_last}
    logger.log(logging.ERROR if is_last else logging.WARNING, "moderation.check_failed", extra=said)


def try_again(checks: "QuerySet[AfterCheck]") -> int:
    """Have looks that failed made again with the next sweep; return how many."""
    return checks.filter(done_at=None).update(failures=0, not_before=None)


def pass_over(place: Place, of: datetime) -> None:
    """Note that this state of a target is not to be looked at."""
    AfterCheck.objects.update_or_create(
        target_kind=place.target_kind,
        target_id=str(place.target_id),
        defaults={
            "of": of,
            "rules": version_of(rules.get()),
            "done_at": timezone.now(),
            "not_before": None,
            "failures": 0,
            "error": "",
        },
    )


def forget_old(before: datetime) -> int:
    """Forget looks at states before `before`, which nobody asks about any more; return how many."""
    return AfterCheck.objects.filter(of__lt=before).delete()[0]
