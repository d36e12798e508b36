"""Hears what ends generations that nobody has stopped, and of what open pages are told."""

import logging
from typing import Any
from uuid import UUID

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from apps.accounts.signals import suspending
from apps.assistant import reviewed  # noqa: F401  (hears of reviewers' decisions)
from apps.assistant.allowed import stop_forbidden
from apps.assistant.ends import cancel_all_of
from apps.assistant.tasks import stop_against_policy
from apps.core.control import broadcast
from apps.documents.signals import comments_changed
from apps.moderation.policies import policy_changed
from apps.quotas.services import lock_person

logger = logging.getLogger(__name__)

SETTLED_SECONDS = 2  # after a change every process knows of it


@receiver(suspending, dispatch_uid="assistant.suspending")
def _on_suspending(user_id: UUID, **_: Any) -> None:
    """Stop what runs. A request that is being started is waited for; one that comes later finds them suspended."""
    lock_person(user_id)
    cancel_all_of(user_id)


@receiver(policy_changed, dispatch_uid="assistant.policy_changed")
def _on_policy_changed(document_id: UUID | None, team_id: UUID | None, **_: Any) -> None:
    """Stop what a stricter policy forbids; where other processes may start more before they know of it, once again."""
    stop_forbidden(document_id, team_id)
    if document_id is None:
        try:
            stop_against_policy.apply_async([str(team_id) if team_id else None], countdown=SETTLED_SECONDS)
        except OperationalError:
            logger.warning("policy.not_looked_again")


@receiver(comments_changed, dispatch_uid="assistant.comments_changed")
def _on_comments_changed(document_id: UUID, thread_id: UUID, version: int, **_: Any) -> None:
    broadcast("comments_changed", document_id=str(document_id), thread_id=str(thread_id), version=str(version))
