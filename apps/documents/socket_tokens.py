"""Sockets of programs: entered with a token (`apps.accounts.tokens`) instead of a session.

The token has to be valid when the socket opens. The assistant's socket can renew it by a message and is closed when it
ends; the sync socket speaks y-websocket, which has no such message, so there a token made with an API key goes on for
as long as the key does.
"""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import ApiKey, Scope, User
from apps.accounts.tokens import BadToken, SocketToken, is_still_good, read_token
from apps.core.database import in_database
from apps.documents.access import Access, held_in, with_roles
from apps.documents.models import Document

BEARER = "bearer."


def bearer_protocol(scope: Any) -> str | None:
    """Return the offered subprotocol that carries a token."""
    return next((one for one in scope.get("subprotocols", ()) if one.startswith(BEARER)), None)


def presented_token(scope: Any) -> str | None:
    """Return the token that an upgrade comes with; None where it comes with none."""
    protocol = bearer_protocol(scope)
    if protocol is not None:
        return protocol.removeprefix(BEARER)
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
    return values[0] if values else None


def accepted_protocol(scope: Any, own: str | None = None) -> str | None:
    """Return the subprotocol to accept with: a browser that offered some fails unless one is chosen."""
    return own if own in scope.get("subprotocols", ()) else bearer_protocol(scope)


def read_for(text: str, document_id: UUID, needs: Scope) -> SocketToken | None:
    """Return the token for a socket of `document_id`; None when it is no token for that."""
    try:
        token = read_token(text)
    except BadToken:
        return None
    is_for_it = token.document_id in (None, document_id) and token.may(needs)
    return token if is_for_it else None


def has_ended(token: SocketToken, needs: Scope, now: datetime | None = None) -> bool:
    """Say whether an open socket may not go on with `token`."""
    outlives_token = needs is not Scope.ASSISTANT and token.key_id is not None
    return not outlives_token and token.expires_at <= (now or timezone.now())


async def find_person(token: SocketToken, document_id: UUID) -> tuple[User | None, Access | None]:
    """Return whose token it is (None: it is not valid any more), and what they hold in the document."""
    return await in_database(_find_person, token, document_id)


def _find_person(token: SocketToken, document_id: UUID) -> tuple[User | None, Access | None]:
    user = User.objects.filter(pk=token.user_id).first()
    key = ApiKey.objects.filter(pk=token.key_id).first() if token.key_id else None
    if user is None or not is_still_good(token, user, key):
        return None, None
    document = with_roles(Document.objects.filter(pk=document_id).defer("text", "outline"), user).first()
    return user, held_in(document) if document else None
