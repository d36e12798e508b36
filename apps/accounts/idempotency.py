"""Requests that may be sent again: the header `Idempotency-Key`, after draft-ietf-httpapi-idempotency-key-header-07.

A key is a person's own. What the request did and its answer are committed together, so a client that heard nothing
sends the same again and gets the answer, or has it done now. Only successes are kept, for IDEMPOTENCY_HOURS.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import KeptAnswer, User
from apps.core.errors import InterlineError, Invalid

HEADER = "Idempotency-Key"
IN_FLIGHT_RETRY_SECONDS = 1.0
CHARACTERS = f"[!#-~]{{1,{settings.IDEMPOTENCY_KEY_MAX_CHARACTERS}}}"
KEY_PATTERN = f'^("{CHARACTERS}"|{CHARACTERS})$'
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency ' || %s, 0))"


class InFlight(InterlineError):
    """The same key is being answered at this moment."""

    code = "idempotency_in_flight"
    status = 409
    retryable = True


class KeyReused(InterlineError):
    """The key was another request's."""

    code = "idempotency_key_reused"
    status = 422


def read_key(text: str) -> str:
    """Return the key of a header's value: a string of RFC 9651, with or without its quotes. Raises Invalid."""
    if not re.fullmatch(KEY_PATTERN, text.strip()):
        raise Invalid(
            f"{HEADER}: up to {settings.IDEMPOTENCY_KEY_MAX_CHARACTERS} printable ASCII characters, without spaces."
        )
    return text.strip().strip('"')


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return what tells one request from another; only a hash of the body is kept."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


@contextmanager
def once(user: User, key: str, request_hash: str) -> Iterator[KeptAnswer | None]:
    """Enter the transaction in which a request is done, and yield the answer it had, None where it is to be done.

    Raises InFlight while it is being done elsewhere, and KeyReused for another request.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [f"{user.pk} {key}"])
            [is_ours] = cursor.fetchone()
        if not is_ours:
            raise InFlight(
                "The same request is being answered at this moment. Try again shortly.",
                retry_after=IN_FLIGHT_RETRY_SECONDS,
            )
        kept = KeptAnswer.objects.filter(user=user, key=key, created_at__gt=_oldest()).first()
        if kept is not None and kept.request_hash != request_hash:
            raise KeyReused(f"This {HEADER} was sent with another request before. Make a new one for each request.")
        yield kept


def keep(user: User, key: str, request_hash: str, *, status: int, content_type: str, body: str) -> None:
    """Keep the answer. Call it in the transaction of `once`."""
    KeptAnswer.objects.filter(user=user, key=key).delete()  # one that is too old, and was not forgotten yet
    KeptAnswer.objects.create(
        user=user, key=key, request_hash=request_hash, status=status, content_type=content_type, body=body
    )


def forget_old_answers() -> int:
    """Return how many were deleted."""
    deleted, _ = KeptAnswer.objects.filter(created_at__lte=_oldest()).delete()
    return deleted


def _oldest() -> datetime:
    return timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)
