"""Tells open sockets that somebody's limits were changed. Requests need not be told: each reads its limits anew."""

from functools import partial
from uuid import UUID

from django.db import transaction

from apps.core import control
from apps.teams.models import TeamMembership

QUOTA_CHANGED = "quota_changed"


def tell_quota_changed(user_id: UUID | None = None) -> None:
    """Tell `user_id`'s sockets, or everybody's, once the change is committed."""
    transaction.on_commit(partial(control.broadcast, QUOTA_CHANGED, user_id=str(user_id or "")))


def tell_pool_changed(team_id: UUID) -> None:
    """Tell the sockets of everybody in a team."""
    for user_id in TeamMembership.objects.filter(team_id=team_id).values_list("user_id", flat=True):
        tell_quota_changed(user_id)
