"""Who may open a document's socket, and whether they still may. Used by both sockets."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY

from apps.accounts.models import User
from apps.core.close_codes import CloseCode
from apps.core.errors import NotFound
from apps.documents.access import Access, access_document


class SocketRefused(Exception):
    """This socket has to be closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True)
class SocketIdentity:
    """The person behind a socket, the session they came with, and what they may do in the document."""

    user: User
    session_key: str
    access: Access


async def open_document_socket(scope: Any, document_id: UUID) -> SocketIdentity:
    """Return who opens the socket. Raises SocketRefused: 4401 signed out, 4404 absent or not shared with them."""
    if not scope["user"].is_authenticated:
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    user: User = await database_sync_to_async(lambda: User.objects.get(pk=scope["user"].pk))()
    try:
        access = await database_sync_to_async(access_document)(user, document_id)
    except NotFound:
        raise SocketRefused(CloseCode.NOT_FOUND) from None
    return SocketIdentity(user, scope["session"].session_key, access)


@database_sync_to_async
def recheck(identity: SocketIdentity, session: Any) -> SocketIdentity:
    """Return `identity` as of now, for an open socket. `session` is the scope's session object.

    Raises SocketRefused: 4401 when the session ended or the account was closed, 4403 when access was revoked,
    4404 when the document is gone or in the trash.
    """
    user = User.objects.filter(pk=identity.user.pk, is_active=True).first()
    stored = session.__class__(identity.session_key).load() if user else {}
    if user is None or not _belongs_to(stored, user):
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    try:
        access = access_document(user, identity.access.document.pk, trashed=True)
    except NotFound:
        raise SocketRefused(CloseCode.FORBIDDEN) from None
    if access.document.trashed_at is not None:
        raise SocketRefused(CloseCode.NOT_FOUND)
    return SocketIdentity(user, identity.session_key, access)


def _belongs_to(stored: dict[str, Any], user: User) -> bool:
    """Say whether a stored session is still `user`'s: a password change gives a new session hash."""
    return stored.get(SESSION_KEY) == str(user.pk) and stored.get(HASH_SESSION_KEY) == user.get_session_auth_hash()
