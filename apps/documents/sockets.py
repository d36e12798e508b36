"""Who may open a document's socket, and whether they still may. Used by both sockets."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.accounts.models import Scope, User
from apps.accounts.tokens import SocketToken
from apps.core.close_codes import CloseCode
from apps.core.errors import NotFound
from apps.documents.access import Access, permit
from apps.documents.endings import watch_end
from apps.documents.look_ups import Found, look_up
from apps.documents.models import Role
from apps.documents.socket_tokens import find_person, has_ended, presented_token, read_for

logger = logging.getLogger(__name__)


class SocketRefused(Exception):
    """This socket has to be closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True)
class SocketIdentity:
    """The person behind a socket, what they came with (a session or a token), and what they may do in the document.

    Of the document only `look_ups.DOCUMENT_FIELDS` are read. `needs`: what a token must allow for this socket.
    """

    user: User
    session_key: str
    access: Access
    needs: Scope
    token: SocketToken | None = None


_opening = 0  # sockets of this process that were accepted and have not entered their document


@asynccontextmanager
async def admitted() -> AsyncIterator[None]:
    """Count a socket among those being opened. Raises SocketRefused (4513) where they are too many.

    Who is refused hears so after a moment of their own, so that they do not come back all at once.
    """
    global _opening
    if _opening >= settings.SOCKETS_OPENING_MAX:
        logger.warning("sockets.too_many_opening", extra={"opening": _opening})
        await asyncio.sleep(random.uniform(0, settings.SOCKETS_REFUSAL_SECONDS))  # noqa: S311  (no secret)
        raise SocketRefused(CloseCode.OVERLOADED)
    _opening += 1
    try:
        yield
    finally:
        _opening -= 1


async def open_document_socket(scope: Any, document_id: UUID, *, needs: Scope) -> SocketIdentity:
    """Return who opens the socket. A token, where one is presented, decides alone.

    Raises SocketRefused: 4401 signed out or no valid token, 4403 suspended, 4404 absent or not shared with them.
    """
    text = presented_token(scope)
    if text is not None:
        return await open_with_token(text, document_id, needs=needs)
    session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
    found = await look_up(session_key, document_id)
    if found.user is None:
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    return _identity(found, session_key, needs, None)


async def open_with_token(text: str, document_id: UUID, *, needs: Scope) -> SocketIdentity:
    """Return whose token `text` is. Raises SocketRefused as `open_document_socket`."""
    token = read_for(text, document_id, needs)
    found = Found(*await find_person(token, document_id)) if token else Found(None, None)
    if found.user is None:
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    return _identity(found, "", needs, token)


def _identity(found: Found, session_key: str, needs: Scope, token: SocketToken | None) -> SocketIdentity:
    assert found.user is not None
    if found.user.is_suspended:
        raise SocketRefused(CloseCode.FORBIDDEN)
    try:
        access = permit(found.access)
    except NotFound:
        raise SocketRefused(CloseCode.NOT_FOUND) from None
    watch_end(access, found.user.pk)
    if token is not None and needs is Scope.DOCUMENTS_READ and not token.may(Scope.DOCUMENTS_WRITE):
        access = Access(access.document, Role.VIEWER, until=access.until)
    return SocketIdentity(found.user, session_key, access, needs, token)


async def recheck(identity: SocketIdentity) -> SocketIdentity:
    """Return `identity` as of now, for an open socket.

    Raises SocketRefused: 4401 when the session ended or the account was closed, 4403 when the person was suspended,
    access was revoked or the document deleted for good, 4404 when it is in the trash.
    """
    document_id = identity.access.document.pk
    token = identity.token
    if token is None:
        found = await look_up(identity.session_key, document_id)
    elif has_ended(token, identity.needs):
        found = Found(None, None)
    else:
        found = Found(*await find_person(token, document_id))
    if found.user is None:
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    if found.access is None:
        raise SocketRefused(CloseCode.FORBIDDEN)
    return _identity(found, identity.session_key, identity.needs, token)
