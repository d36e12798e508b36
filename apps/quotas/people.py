"""Giving people tiers, and telling their sockets."""

from collections.abc import Collection

from django.db import transaction

from apps.accounts.models import User
from apps.quotas.models import Assignment, Tier
from apps.quotas.signals import tell_quota_changed


@transaction.atomic
def set_tier(users: Collection[User], tier: Tier) -> None:
    """Give everybody in `users` this tier; the default one by name too, so that another default changes nothing."""
    Assignment.objects.bulk_create(
        [Assignment(user=user, tier=tier) for user in users],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["tier", "changed_at"],
    )
    for user in users:
        tell_quota_changed(user.pk)


@transaction.atomic
def make_default(tier: Tier) -> None:
    """Make `tier` the one of everybody who has no other."""
    Tier.objects.filter(is_default=True).update(is_default=False)
    Tier.objects.filter(pk=tier.pk).update(is_default=True)
    tell_quota_changed()
