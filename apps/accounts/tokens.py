"""Short-lived tokens for sockets: JWT (RFC 7519), HS256, signed with a key derived from SECRET_KEY.

Claims: `sub` the person, `jti`, `iat`, `exp`, `scope` (space-separated, RFC 8693), `document` (where it is bound to
one), and what it was made with: `key` (an API key's id) or `session` (a keyed hash of the password's hash, so that a
new password ends it).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.accounts.models import ApiKey, Scope, User

ALGORITHM = "HS256"
AUDIENCE = "interline:socket"
SALT = "apps.accounts.tokens"
SCOPES_OF_A_SESSION = tuple(Scope.values)


class BadToken(Exception):
    """Not one of ours, or not valid any more."""


@dataclass(frozen=True)
class SocketToken:
    """What a valid token says. `key_id` is None for one that was made with a session."""

    user_id: UUID
    scopes: frozenset[str]
    document_id: UUID | None
    key_id: UUID | None
    session_mark: str
    expires_at: datetime

    def may(self, scope: Scope) -> bool:
        return scope.value in self.scopes


def make_token(user: User, *, key: ApiKey | None, document_id: UUID | None = None) -> tuple[str, datetime]:
    """Return a token and when it ends. It may do what `key`, or a session, may."""
    now = timezone.now()
    ends = now + timedelta(seconds=settings.SOCKET_TOKEN_SECONDS)
    if key is not None and key.expires_at is not None:
        ends = min(ends, key.expires_at)
    claims: dict[str, Any] = {
        "aud": AUDIENCE,
        "sub": str(user.pk),
        "jti": uuid4().hex,
        "iat": now,
        "exp": ends,
        "scope": " ".join(key.scopes if key else SCOPES_OF_A_SESSION),
    }
    if document_id is not None:
        claims["document"] = str(document_id)
    if key is not None:
        claims["key"] = str(key.pk)
    else:
        claims["session"] = _session_mark(user)
    return jwt.encode(claims, _secret(), algorithm=ALGORITHM), ends


def read_token(text: str) -> SocketToken:
    """Return what a token says. Raises BadToken when it is not ours or has ended. No query: see `is_still_good`."""
    try:
        claims = jwt.decode(
            text,
            _secret(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "iat", "sub", "jti", "aud"]},
        )
        return SocketToken(
            user_id=UUID(claims["sub"]),
            scopes=frozenset(claims["scope"].split()),
            document_id=UUID(claims["document"]) if "document" in claims else None,
            key_id=UUID(claims["key"]) if "key" in claims else None,
            session_mark=claims.get("session", ""),
            expires_at=datetime.fromtimestamp(claims["exp"], tz=timezone.get_default_timezone()),
        )
    except (jwt.PyJWTError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadToken(type(error).__name__) from None


def is_still_good(token: SocketToken, user: User, key: ApiKey | None) -> bool:
    """Say whether what `token` was made with still holds. `key`: the row of `token.key_id`."""
    if user.pk != token.user_id or not user.is_active:
        return False
    if token.key_id is not None:
        return key is not None and key.pk == token.key_id and key.user_id == user.pk and key.is_valid(timezone.now())
    return constant_time_compare(token.session_mark, _session_mark(user))


def _session_mark(user: User) -> str:
    return salted_hmac(SALT, user.get_session_auth_hash(), algorithm="sha256").hexdigest()


def _secret() -> bytes:
    return salted_hmac(SALT + ".key", "", algorithm="sha256").digest()
