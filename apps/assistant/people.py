"""What everybody in a document may know about a person, and what is left to them."""

from apps.accounts.models import User
from apps.assistant.messages import Person, Quota


def person(user: User) -> Person:
    return Person(id=user.pk, name=user.display_name, color=user.caret_color)


def quota_of(user: User) -> Quota:
    """Return what is left to `user`. Nobody has a limit until there are tiers."""
    return Quota(tier="unlimited", remaining_tokens=None, resets_at=None)
