"""What inviting people has in common, to a document and to a team: addresses, signed links, and how often."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.accounts.models import User
from apps.core import attempts
from apps.core.errors import Invalid, NotFound

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
    """Count one invitation by `user` in the present hour. Raises RateLimited when there were too many."""
    attempts.count(
        f"invitations:{user.pk}",
        limit=settings.INVITATIONS_PER_HOUR,
        words="You have sent many invitations. Try again later.",
    )
