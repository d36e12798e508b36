"""What everybody in a document may know about a person, and what is left to them."""

from apps.accounts.models import User
from apps.assistant.messages import Person, Quota
from apps.quotas.allowances import Allowance, allowance_of


def person(user: User) -> Person:
    return Person(id=user.pk, name=user.display_name, color=user.caret_color)


def quota_of(user: User) -> Quota:
    """Return what is left to `user`. Reads the database."""
    return quota(allowance_of(user.pk))


def quota(allowance: Allowance) -> Quota:
    """Return what is left in the scarcest of day, week and month."""
    scarcest = allowance.scarcest
    if scarcest is None:
        return Quota(tier=allowance.tier, remaining_tokens=None, resets_at=None)
    return Quota(
        tier=allowance.tier,
        remaining_tokens=scarcest.left,
        resets_at=scarcest.resets_at.isoformat(),
        limit_tokens=scarcest.limit,
        window=scarcest.window,
    )
