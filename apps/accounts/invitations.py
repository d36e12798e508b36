"""What inviting people has in common, to a document and to a team: addresses, signed links, and how often."""

import time
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.accounts.models import User
from apps.core.errors import Invalid, NotFound, RateLimited

HOUR_SECONDS = 3600
OVER = "This invitation is not valid any more."


def clean_email(email: str) -> str:
    """Raises Invalid."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("This is not an e-mail address.") from None
    return address


def sign_invitation(pk: int, email: str, *, salt: str) -> str:
    return signing.dumps([pk, email], salt=salt)


def read_invitation(token: str, *, salt: str) -> tuple[Any, Any]:
    """Return the key and the address that were signed. Raises NotFound for a forged or old token."""
    try:
        pk, email = signing.loads(token, salt=salt, max_age=settings.INVITATION_MAX_AGE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound(OVER) from None
    return pk, email


def count_invitation(user: User) -> None:
    """Count one invitation by `user` in the present hour's window. Raises RateLimited when there were too many."""
    hour, passed = divmod(int(time.time()), HOUR_SECONDS)
    name = f"invitations:{user.pk}:{hour}"
    cache.add(name, 0, HOUR_SECONDS)
    if cache.incr(name) > settings.INVITATIONS_PER_HOUR:
        raise RateLimited("You have sent many invitations. Try again later.", retry_after=HOUR_SECONDS - passed)
