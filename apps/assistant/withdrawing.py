"""Withdrawing an answer: what nobody has decided about leaves everybody's page, and its words are kept for reviewers.

What was accepted is the document's, and stays there.
"""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from apps.assistant.ends import have_cancelled
from apps.assistant.models import OPEN_STATES, Decision, Generation
from apps.core.control import broadcast
from apps.moderation.signals import removing, restoring


@receiver(removing, dispatch_uid="assistant.removing")
def _on_removing(generation_id: UUID, **_: Any) -> list[str]:
    """Withdraw an answer, and stop it where it is still written. Return what of it was accepted, in order."""
    generation = Generation.objects.select_for_update().filter(pk=generation_id).first()
    if generation is None:
        return []
    generation.withdrawn_at = generation.withdrawn_at or timezone.now()
    generation.save(update_fields=["withdrawn_at"])
    running = Generation.objects.filter(pk=generation_id, state__in=OPEN_STATES, cancel_requested_at__isnull=True)
    if running.update(cancel_requested_at=generation.withdrawn_at):
        transaction.on_commit(partial(have_cancelled, generation_id), robust=True)
    transaction.on_commit(partial(_tell, generation), robust=True)
    return [words for words in map(partial(_accepted, generation), _taken(generation)) if words.strip()]


@receiver(restoring, dispatch_uid="assistant.restoring")
def _on_restoring(generation_id: UUID, **_: Any) -> None:
    """Have it be there again for who opens the document from now on."""
    Generation.objects.filter(pk=generation_id).update(withdrawn_at=None)


def _taken(generation: Generation) -> list[Decision]:
    return list(generation.decisions.filter(decision__in=("accepted", "edited")).order_by("pk"))


def _accepted(generation: Generation, decision: Decision) -> str:
    """Return the words that a decision took into the text, as far as they are known."""
    if decision.final_text:
        return str(decision.final_text)
    edits = {event["edit_id"]: event["replacement"] for event in generation.events or () if event["type"] == "edit"}
    return str(edits.get(decision.edit_id) or generation.text or "")


def _tell(generation: Generation) -> None:
    broadcast("generation_withdrawn", document_id=str(generation.document_id), generation_id=str(generation.pk))
