"""Hears what ends generations that nobody has stopped."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver

from apps.accounts.signals import suspending
from apps.assistant.ends import cancel_all_of
from apps.quotas.services import lock_person


@receiver(suspending, dispatch_uid="assistant.suspending")
def _on_suspending(user_id: UUID, **_: Any) -> None:
    """Stop what runs. A request that is being started is waited for; one that comes later finds them suspended."""
    lock_person(user_id)
    cancel_all_of(user_id)
