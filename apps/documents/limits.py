"""How often something may be done."""

import time

from django.conf import settings
from django.core.cache import cache

from apps.accounts.models import User
from apps.core.errors import RateLimited

HOUR_SECONDS = 3600


def count_invitation(user: User) -> None:
    """Count one invitation by `user` in the present hour's window. Raises RateLimited when there were too many."""
    hour, passed = divmod(int(time.time()), HOUR_SECONDS)
    name = f"invitations:{user.pk}:{hour}"
    cache.add(name, 0, HOUR_SECONDS)
    if cache.incr(name) > settings.INVITATIONS_PER_HOUR:
        raise RateLimited("You have sent many invitations. Try again later.", retry_after=HOUR_SECONDS - passed)
