"""Tells open sockets that somebody's limits were changed. Requests need not be told: each reads its limits anew."""

from functools import partial
from uuid import UUID

from django.db import transaction

from apps.core import control

QUOTA_CHANGED = "quota_changed"


def tell_quota_changed(user_id: UUID | None = None) -> None:
    """Tell `user_id`'s sockets, or everybody's, once the change is committed."""
    transaction.on_commit(partial(control.broadcast, QUOTA_CHANGED, user_id=str(user_id or "")))
