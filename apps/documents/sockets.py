"""Who may open a document's socket, and whether they still may. Used by both sockets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.models import User
from apps.core.close_codes import CloseCode
from apps.core.errors import NotFound
from apps.documents.access import Access, access_by
from apps.documents.models import Membership, Role


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
    """Return who opens the socket. Raises SocketRefused: 4401 signed out, 4404 absent or not shared with them.

    One hop to a thread for session, user and access: Channels' own middleware takes a hop for each.
    """
    session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
    opened: SocketIdentity = await database_sync_to_async(_open, thread_sensitive=False)(session_key, document_id)
    return opened


def _open(session_key: str, document_id: UUID) -> SocketIdentity:
    session = Session.objects.filter(session_key=session_key, expire_date__gt=timezone.now()).first()
    stored = session.get_decoded() if session else {}
    if SESSION_KEY not in stored:
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    memberships = Membership.objects.select_related("document", "user")
    membership = memberships.filter(document_id=document_id, user_id=stored[SESSION_KEY]).first()
    user = membership.user if membership else User.objects.filter(pk=stored[SESSION_KEY]).first()
    if user is None or not user.is_active or not _belongs_to(stored, user):
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    try:
        return SocketIdentity(user, session_key, access_by(membership))
    except NotFound:
        raise SocketRefused(CloseCode.NOT_FOUND) from None


async def recheck(identity: SocketIdentity) -> SocketIdentity:
    """Return `identity` as of now, for an open socket.

    Raises SocketRefused: 4401 when the session ended or the account was closed, 4403 when access was revoked or the
    document deleted for good, 4404 when it is in the trash.
    """
    (answer,) = await recheck_many([identity])
    if isinstance(answer, SocketRefused):
        raise answer
    return answer


async def recheck_many(identities: Sequence[SocketIdentity]) -> list[SocketIdentity | SocketRefused]:
    """Return what `recheck` would return or raise for each of `identities`, in their order. Three queries."""
    answers: list[SocketIdentity | SocketRefused] = await database_sync_to_async(_recheck_many)(identities)
    return answers


def _recheck_many(identities: Sequence[SocketIdentity]) -> list[SocketIdentity | SocketRefused]:
    users = User.objects.in_bulk({identity.user.pk for identity in identities})
    keys = {identity.session_key for identity in identities}
    sessions = {
        session.session_key: session.get_decoded()
        for session in Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    }
    memberships = {
        (membership.document_id, membership.user_id): membership
        for membership in Membership.objects.select_related("document").filter(
            user__in={identity.user.pk for identity in identities},
            document__in={identity.access.document.pk for identity in identities},
        )
    }

    def judge(identity: SocketIdentity) -> SocketIdentity | SocketRefused:
        user = users.get(identity.user.pk)
        if user is None or not user.is_active or not _belongs_to(sessions.get(identity.session_key, {}), user):
            return SocketRefused(CloseCode.SIGN_IN_AGAIN)
        membership = memberships.get((identity.access.document.pk, user.pk))
        if membership is None:
            return SocketRefused(CloseCode.FORBIDDEN)
        if membership.document.trashed_at is not None:
            return SocketRefused(CloseCode.NOT_FOUND)
        return SocketIdentity(user, identity.session_key, Access(membership.document, Role(membership.role)))

    return [judge(identity) for identity in identities]


def _belongs_to(stored: dict[str, Any], user: User) -> bool:
    """Say whether a stored session is still `user`'s: a password change gives a new session hash."""
    return stored.get(SESSION_KEY) == str(user.pk) and stored.get(HASH_SESSION_KEY) == user.get_session_auth_hash()
