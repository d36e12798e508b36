"""How often something may be done."""

from django.conf import settings

from apps.accounts.models import User
from apps.core.errors import RateLimited
from apps.core.redis import key, sync_redis

HOUR_SECONDS = 3600


def count_invitation(user: User) -> None:
    """Count one invitation by `user` in the present hour's window. Raises RateLimited when there were too many."""
    name = key("rate", "invitations", user.pk)
    redis = sync_redis()
    count = int(redis.incr(name))
    if count == 1:
        redis.expire(name, HOUR_SECONDS)
    if count > settings.INVITATIONS_PER_HOUR:
        left = int(redis.ttl(name))
        if left < 0:  # the process that began the window died before it could set its end
            redis.expire(name, HOUR_SECONDS)
            left = HOUR_SECONDS
        raise RateLimited("You have sent many invitations. Try again later.", retry_after=left)
