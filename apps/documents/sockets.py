"""Who may open a document's socket, and whether they still may. Used by both sockets.

Everybody who asks while a look-up is under way goes with the next: a web process that was restarted answers all its
clients in a few queries. One join alone takes 0.3 ms here; a thread and the ORM took 1.5 ms (measured).
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Model
from psycopg_pool import PoolTimeout

from apps.accounts.models import Scope, User
from apps.accounts.tokens import SocketToken
from apps.core.close_codes import CloseCode
from apps.core.errors import NotFound
from apps.core.gathering import Gathering
from apps.core.postgres import Pool, async_pool
from apps.documents.access import Access, access_by
from apps.documents.models import Document, Membership, Role
from apps.documents.socket_tokens import find_person, has_ended, presented_token, read_for

logger = logging.getLogger(__name__)

LOOK_UPS_AT_ONCE = 50  # sockets answered by one query: 6 ms of the event loop
OWNERS_REMEMBERED = 10_000

USER_FIELDS = [field.attname for field in User._meta.concrete_fields]
MEMBERSHIP_FIELDS = [field.attname for field in Membership._meta.concrete_fields]
DOCUMENT_FIELDS = ["id", "trashed_at"]  # its text may be long


def _columns(model: type[Model], alias: str, fields: Sequence[str]) -> str:
    columns = {field.attname: field.column for field in model._meta.concrete_fields}
    return ", ".join(f'{alias}."{columns[name]}"' for name in fields)


LOOK_UP = f"""
SELECT wanted.place, s.session_data, u.id,
    {_columns(User, "u", USER_FIELDS)},
    {_columns(Membership, "m", MEMBERSHIP_FIELDS)},
    {_columns(Document, "d", DOCUMENT_FIELDS)}
FROM unnest(%s::int[], %s::text[], %s::uuid[], %s::uuid[]) AS wanted(place, session_key, user_id, document_id)
JOIN django_session s ON s.session_key = wanted.session_key AND s.expire_date > now()
LEFT JOIN accounts_user u ON u.id = wanted.user_id
LEFT JOIN documents_membership m ON m.user_id = u.id AND m.document_id = wanted.document_id
LEFT JOIN documents_document d ON d.id = m.document_id
"""  # noqa: S608  (columns of our own models)

_sessions = import_module(settings.SESSION_ENGINE).SessionStore()
# Whose each session was last: a guess that saves a query. The session itself is read every time, and has the last word.
_owners: dict[str, UUID] = {}


class SocketRefused(Exception):
    """This socket has to be closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True)
class SocketIdentity:
    """The person behind a socket, what they came with (a session or a token), and what they may do in the document.

    Of the document only `id` and `trashed_at` are read. `needs`: what a token must allow for this socket.
    """

    user: User
    session_key: str
    access: Access
    needs: Scope
    token: SocketToken | None = None


@dataclass(frozen=True)
class Question:
    session_key: str
    document_id: UUID


@dataclass(frozen=True)
class Found:
    """Whose session it is (None: nobody's any more), and how they belong to the document."""

    user: User | None
    membership: Membership | None


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

    Raises SocketRefused: 4401 signed out or no valid token, 4404 absent or not shared with them.
    """
    text = presented_token(scope)
    if text is not None:
        return await open_with_token(text, document_id, needs=needs)
    session_key = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")
    found = await _look_ups().ask(Question(session_key, document_id))
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
    try:
        access = access_by(found.membership)
    except NotFound:
        raise SocketRefused(CloseCode.NOT_FOUND) from None
    if token is not None and needs is Scope.DOCUMENTS_READ and not token.may(Scope.DOCUMENTS_WRITE):
        access = Access(access.document, Role.VIEWER)
    return SocketIdentity(found.user, session_key, access, needs, token)


async def recheck(identity: SocketIdentity) -> SocketIdentity:
    """Return `identity` as of now, for an open socket.

    Raises SocketRefused: 4401 when the session ended or the account was closed, 4403 when access was revoked or the
    document deleted for good, 4404 when it is in the trash.
    """
    document_id = identity.access.document.pk
    token = identity.token
    if token is None:
        found = await _look_ups().ask(Question(identity.session_key, document_id))
    elif has_ended(token, identity.needs):
        found = Found(None, None)
    else:
        found = Found(*await find_person(token, document_id))
    if found.user is None:
        raise SocketRefused(CloseCode.SIGN_IN_AGAIN)
    if found.membership is None:
        raise SocketRefused(CloseCode.FORBIDDEN)
    return _identity(found, identity.session_key, identity.needs, token)


async def _look_up(questions: Sequence[Question]) -> list[Found]:
    connections = await async_pool("sockets", max_size=1, wait_seconds=settings.SOCKETS_DATABASE_SECONDS)
    async with asyncio.timeout(settings.SOCKETS_DATABASE_SECONDS):
        try:
            return await _look_up_with(connections, questions)
        except PoolTimeout:
            raise
        except psycopg.OperationalError:
            await connections.check()  # PostgreSQL was restarted: drop the connection that ended with it
            return await _look_up_with(connections, questions)


async def _look_up_with(connections: Pool, questions: Sequence[Question]) -> list[Found]:
    """Ask once for the users we take the sessions to belong to, and once more where a session says otherwise."""
    found = [Found(None, None)] * len(questions)
    places = list(range(len(questions)))
    async with connections.connection() as connection:
        for _ in range(2):
            keys = [questions[place].session_key for place in places]
            documents = [questions[place].document_id for place in places]
            rows = await connection.execute(LOOK_UP, [places, keys, [_owners.get(key) for key in keys], documents])
            places = []
            for place, data, guessed, *row in await rows.fetchall():
                stored = _sessions.decode(data)
                owner = _owner(stored)
                if owner is not None and owner == guessed:
                    found[place] = _judge(stored, row)
                elif owner is not None:
                    _remember(questions[place].session_key, owner)
                    places.append(place)
            if not places:
                break
    return found


def _owner(stored: dict[str, Any]) -> UUID | None:
    try:
        return UUID(stored.get(SESSION_KEY))
    except (TypeError, ValueError):
        return None


def _remember(session_key: str, owner: UUID) -> None:
    if len(_owners) >= OWNERS_REMEMBERED:
        _owners.clear()
    _owners[session_key] = owner


def _judge(stored: dict[str, Any], row: Sequence[Any]) -> Found:
    """Return what a row says. A session is its user's no more after a password change, which gives a new hash."""
    user_end = len(USER_FIELDS)
    membership_end = user_end + len(MEMBERSHIP_FIELDS)
    user = User.from_db("default", USER_FIELDS, row[:user_end])
    if not user.is_active or stored.get(HASH_SESSION_KEY) != user.get_session_auth_hash():
        return Found(None, None)
    if row[user_end] is None:
        return Found(user, None)
    membership = Membership.from_db("default", MEMBERSHIP_FIELDS, row[user_end:membership_end])
    membership.document = Document.from_db("default", DOCUMENT_FIELDS, row[membership_end:])
    return Found(user, membership)


_processes_look_ups: "WeakKeyDictionary[asyncio.AbstractEventLoop, Gathering[Question, Found]]" = WeakKeyDictionary()


def _look_ups() -> "Gathering[Question, Found]":
    """Return the running loop's look-ups."""
    loop = asyncio.get_running_loop()
    if loop not in _processes_look_ups:
        _processes_look_ups[loop] = Gathering(_look_up, at_once_max=LOOK_UPS_AT_ONCE)
    return _processes_look_ups[loop]
