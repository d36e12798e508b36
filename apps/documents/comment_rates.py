"""How often somebody may comment, and have people mailed by it."""

import time

from django.conf import settings
from django.core.cache import cache

from apps.accounts.models import User
from apps.core.errors import RateLimited

MINUTE_SECONDS = 60
HOUR_SECONDS = 3600


def count_comment(user: User) -> None:
    """Count a comment said or changed in the present minute. Raises RateLimited when there were too many."""
    count, passed = _count(f"comments:{user.pk}", MINUTE_SECONDS)
    if count > settings.COMMENTS_PER_MINUTE:
        raise RateLimited(
            "You have commented a lot in this minute. Try again shortly.", retry_after=MINUTE_SECONDS - passed
        )


def may_mail(user: User) -> bool:
    """Count a mail to somebody mentioned in the present hour; say whether it may be sent."""
    count, _ = _count(f"mentions:{user.pk}", HOUR_SECONDS)
    return count <= settings.MENTION_MAILS_PER_HOUR


def _count(name: str, seconds: int) -> tuple[int, int]:
    """Return how many there are in the present window with this one, and how many seconds of it have passed."""
    window, passed = divmod(int(time.time()), seconds)
    key = f"{name}:{window}"
    cache.add(key, 0, seconds)
    return cache.incr(key), passed
