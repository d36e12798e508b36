"""Writes down what was found: once, however often it is told, and with no more of the text than is to be kept."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from apps.moderation.cases import open_for
from apps.moderation.folding import fold_text
from apps.moderation.metrics import note_findings
from apps.moderation.models import Rule, Verdict
from apps.moderation.models.verdicts import CATEGORY_MAX_CHARACTERS
from apps.moderation.redaction import STOP, Finding

logger = logging.getLogger(__name__)

SALT = "apps.moderation.verdicts"


@dataclass(frozen=True)
class Place:
    """Where something was found: `target_kind` and `target_id` as in Verdict, and whose it is."""

    target_kind: str
    target_id: UUID | str
    document_id: UUID | None
    user_id: UUID | None
    stage: str


def fingerprint(text: str) -> str:
    """Return what is the same for texts that read the same, and does not give them away."""
    read = " ".join(fold_text(text).lower().split())
    return salted_hmac(SALT, read, algorithm="sha256").hexdigest() if read else ""


def record(place: Place, findings: Sequence[Finding], *, run: str = "") -> list[Verdict]:
    """Store a verdict for each kind of finding, in the caller's transaction; return those that are new.

    `run`: tells apart looks at the same target that may find the same anew.
    """
    if not findings:
        return []
    rules = Rule.objects.in_bulk({one.rule for one in findings if one.rule is not None and one.rule > 0})
    rows = {}
    for one, count in _counted(findings).items():
        row = _verdict(place, one, count, rules.get(one.rule or 0), run)
        rows[row.key] = row
    known = set(Verdict.objects.filter(key__in=rows).values_list("key", flat=True))
    new = [row for key, row in rows.items() if key not in known]
    Verdict.objects.bulk_create(new, ignore_conflicts=True)
    open_for(new)
    transaction.on_commit(partial(note_findings, findings), robust=True)
    for row in new:
        logger.info(
            "moderation.found",
            extra={
                "target": f"{place.target_kind} {place.target_id}",
                "stage": place.stage,
                "category": row.category,
                "action": row.action,
                "count": row.count,
            },
        )
    return list(Verdict.objects.filter(key__in=[row.key for row in new]))


def _counted(findings: Sequence[Finding]) -> dict[Finding, int]:
    """Return the first finding of each kind, and how many there were."""
    counts = Counter((one.kind, one.action, one.rule) for one in findings)
    firsts: dict[tuple[str, str, int | None], Finding] = {}
    for one in findings:
        firsts.setdefault((one.kind, one.action, one.rule), one)
    return {one: counts[kind] for kind, one in firsts.items()}


def _verdict(place: Place, found: Finding, count: int, rule: Rule | None, run: str) -> Verdict:
    kept = found.text if found.source in settings.MODERATION_EXCERPTS else ""
    category = (rule.category if rule else "") or found.kind
    return Verdict(
        key=":".join(
            str(part)
            for part in (place.stage, place.target_id, run, found.source, found.kind, found.action, found.rule)
        ),
        target_kind=place.target_kind,
        target_id=str(place.target_id),
        document_id=place.document_id,
        user_id=place.user_id,
        stage=place.stage,
        source=found.source,
        category=category[:CATEGORY_MAX_CHARACTERS],
        rule=rule,
        rule_version=rule.version if rule else None,
        score=found.score,
        count=count,
        action=found.action,
        excerpt=kept[: settings.MODERATION_EXCERPT_CHARACTERS] or None,
        fingerprint=fingerprint(kept),
        state=Verdict.State.WAITING if found.action in STOP else Verdict.State.NOTED,
    )
