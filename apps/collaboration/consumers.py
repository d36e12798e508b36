"""The sync socket: `/ws/sync/<document>`, the y-websocket protocol."""

import logging
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.consumer import AsyncConsumer

from apps.accounts.models import Scope
from apps.collaboration.connections import Connection, Refused
from apps.collaboration.permissions import watch_permissions
from apps.collaboration.rooms import DocumentMissing, Room, rooms
from apps.core.addresses import socket_address
from apps.core.close_codes import CloseCode
from apps.documents.socket_tokens import accepted_protocol
from apps.documents.sockets import SocketRefused, admitted, open_document_socket
from apps.quotas.rates import may_open_socket

logger = logging.getLogger(__name__)


class SyncConsumer(AsyncConsumer):
    """Accepts, asks who it is, enters the room and reads until the client has gone.

    Channels' own dispatch costs about 180 µs per message (measured), so the messages never pass through it.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": accepted_protocol(scope)})
        connection = room = None
        try:
            async with admitted():
                document_id = scope["url_route"]["kwargs"]["document_id"]
                identity = await open_document_socket(scope, document_id, needs=Scope.DOCUMENTS_READ)
                if not await may_open_socket(identity.user.pk, socket_address(scope)):
                    raise SocketRefused(CloseCode.TOO_MANY)
                wants_acks = parse_qs(scope["query_string"].decode("latin-1")).get("ack") == ["1"]
                connection = Connection(identity, scope, send, wants_acks=wants_acks)
                room = await _join(identity.access.document.pk, connection)
            await connection.wire.read(receive, connection.take)
        except SocketRefused as refused:
            await send({"type": "websocket.close", "code": int(refused.code)})
        except Exception:
            logger.exception("sync.socket_failed")
            await send({"type": "websocket.close", "code": int(CloseCode.OVERLOADED)})
        finally:
            if connection is not None:
                connection.code = connection.code or CloseCode.RESTARTING  # whatever comes late is dropped
                if room is not None:
                    room.leave(connection)


async def _join(document_id: UUID, connection: Connection) -> Room | None:
    """Enter the room; where that is not possible, close with the reason's code."""
    try:
        watch_permissions()
        return await rooms().join(document_id, connection)
    except DocumentMissing:
        connection.close(CloseCode.NOT_FOUND, "no such document")
    except Refused as refused:
        connection.close(refused.code, str(refused))
    except Exception:
        logger.exception("sync.join_failed", extra={"document": str(document_id)})
        connection.close(CloseCode.OVERLOADED, "the room could not be opened")
    return None
