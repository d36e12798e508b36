"""Samples how much of accepted text still stands in its document, by the marks that say where text comes from."""

import logging
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from apps.analytics.models import KeptText
from apps.assistant.models import Decision, Generation
from apps.assistant.provenance import origin_of
from apps.collaboration.reading import Run, parts_of
from apps.collaboration.services import read_document

logger = logging.getLogger(__name__)

AGES = {
    KeptText.Age.HOUR: timedelta(hours=1),
    KeptText.Age.DAY: timedelta(days=1),
    KeptText.Age.WEEK: timedelta(days=7),
}
LATEST = 1.25  # how many times its age a text may have when it is looked for
COPIED = ("action", "model", "tier", "prompt_version", "experiment", "arm")


def measure_due(now: datetime | None = None) -> int:
    """Measure up to ANALYTICS_KEPT_PER_RUN answers of each age that were not measured at it; return how many."""
    now = now or timezone.now()
    return sum(_measure(age, now - length, now - length * LATEST) for age, length in AGES.items())


def _measure(age: KeptText.Age, before: datetime, after: datetime) -> int:
    measured = KeptText.objects.filter(generation_id=OuterRef("generation_id"), age=age)
    accepted = (
        Decision.objects.filter(created_at__gt=after, created_at__lte=before, decision__in=("accepted", "edited"))
        .filter(~Exists(measured))
        .values("generation_id", "generation__document_id")
        .annotate(at=Max("created_at"))
        .order_by("at")[: settings.ANALYTICS_KEPT_PER_RUN]
    )
    by_document: dict[UUID, dict[UUID, datetime]] = defaultdict(dict)
    for row in accepted:
        by_document[row["generation__document_id"]][row["generation_id"]] = row["at"]
    rows = [row for document_id, found in by_document.items() for row in _in_document(document_id, found, age)]
    KeptText.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _in_document(document_id: UUID, accepted: dict[UUID, datetime], age: KeptText.Age) -> list[KeptText]:
    standing = characters_by_generation(document_id)
    rows = []
    for generation in Generation.objects.filter(pk__in=accepted).defer("input", "anchor"):
        taken = taken_characters(generation)
        if taken:
            kept = min(taken, standing.get(str(generation.pk), 0))
            copied: dict[str, Any] = {name: getattr(generation, name) for name in COPIED}
            rows.append(
                KeptText(
                    generation_id=generation.pk,
                    age=age,
                    accepted_at=accepted[generation.pk],
                    accepted_characters=taken,
                    kept_characters=kept,
                    **copied,
                )
            )
    return rows


def characters_by_generation(document_id: UUID) -> dict[str, int]:
    """Return how many characters of a document are marked as taken over from which generation."""
    found: dict[str, int] = defaultdict(int)
    for part in parts_of(read_document(document_id)):
        if isinstance(part, Run):
            origin, generation = origin_of(part)
            if origin == "assisted" and generation:
                found[generation] += len(part.text)
    return found


def taken_characters(generation: Generation) -> int:
    """Return how much of an answer people took over, by their last decisions; 0 where its text is not kept any more."""
    edits = {event["edit_id"]: event for event in generation.events or () if event["type"] == "edit"}
    last: dict[str, Decision] = {one.edit_id: one for one in generation.decisions.order_by("pk")}
    taken = 0
    for edit_id, decision in last.items():
        if decision.decision == "rejected":
            continue
        if decision.final_text is not None:
            taken += len(decision.final_text)
        elif edit_id in edits:
            taken += len(edits[edit_id]["replacement"])
        elif not edit_id:
            taken += sum(len(edit["replacement"]) for edit in edits.values()) or len(generation.text or "")
    return taken
