"""daphne's two protocols with limits: HTTP requests and responses, and WebSockets."""

import json
import logging
import random
import time
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from django.conf import settings

from apps.core.close_codes import CloseCode
from project.edge import TOO_LARGE
from project.flow import Drain, Outbox, whole_frames

logger = logging.getLogger("project.server")

RETRY_SECONDS = 10  # when to come back after an answer that did not come in time
REFUSED = {"code": "invalid", "detail": "The request could not be read."}
UNANSWERED: dict[int, dict[str, Any]] = {
    500: {"code": "internal", "detail": "Something went wrong here. Nothing was lost; try again."},
    503: {
        "code": "unavailable",
        "detail": "The answer took too long. What you asked for may have been done: look before you ask again.",
        "retryable": True,
        "retry_after": RETRY_SECONDS,
    },
}
REASON_MAX_BYTES = 123  # RFC 6455 § 5.5


class BoundedRequest(WebRequest):
    """Refuses a body over the limit before it fills the temporary folder, and lets a response wait for its reader."""

    received = 0
    refused = False
    stalled_at: float | None = None

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's name)
        super().gotLength(length)
        if length is not None and length > settings.HTTP_MAX_BODY_BYTES:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received += len(data)
        if self.received > settings.HTTP_MAX_BODY_BYTES:
            self._refuse()
        elif not self.refused:
            super().handleContentChunk(data)

    def _refuse(self) -> None:
        """Answer 413 and hang up."""
        if not self.refused:
            self.refused = True
            logger.info("http.body_refused", extra={"limit_bytes": settings.HTTP_MAX_BODY_BYTES})
            self.channel.transport.write(
                b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
                b"X-Request-ID: %s\r\nContent-Length: %d\r\n\r\n%s" % (uuid4().hex.encode(), len(TOO_LARGE), TOO_LARGE)
            )
            self.channel.loseConnection()

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Answer what the application did not: as a problem, like everything else, and when to come back."""
        problem = {
            "type": "about:blank",
            "title": status_text.decode(),
            "status": status,
            **UNANSWERED.get(status, REFUSED),
        }
        headers = [(b"Content-Type", b"application/problem+json"), (b"X-Request-ID", uuid4().hex.encode())]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append((b"Retry-After", b"%d" % RETRY_SECONDS))
        logger.warning("http.unanswered", extra={"status": status})
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": json.dumps(problem).encode()})

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body" and message.get("more_body") and not self.producer and self.channel:
            self.registerProducer(Drain(), True)
        super().handle_reply(message)

    async def drained(self) -> None:
        if self.producer:
            await self.producer.drained()

    def finish(self) -> None:
        if self.producer:
            self.unregisterProducer()
        super().finish()

    def check_timeouts(self) -> None:
        """As daphne's for what was not answered. An answer that goes on may take any time, as long as it is read."""
        if not self._response_started:
            super().check_timeouts()
            return
        if not self.producer or not self.producer.paused:
            self.stalled_at = None
            return
        self.stalled_at = self.stalled_at or time.monotonic()
        if time.monotonic() - self.stalled_at > settings.HTTP_STALL_SECONDS and self.channel:
            logger.info("http.reader_stalled")
            self.channel.transport.abortConnection()


class HTTPProtocols(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


class SocketProtocol(WebSocketProtocol):
    """A WebSocket with bounded queues, every close code, and heartbeats that a client cannot evade by writing only."""

    outbox: Outbox
    last_ping: float
    last_pong: float

    def connectionMade(self) -> None:  # noqa: N802
        self.outbox = Outbox(self.transport)
        self.last_pong = time.monotonic()
        super().connectionMade()

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        answer = super().onConnect(request)
        self.last_ping -= random.uniform(0, settings.SOCKET_PING_SECONDS)  # noqa: S311  (not all pings in one turn)
        return answer

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: N802
        self.outbox.put(data)

    async def drained(self) -> None:
        await self.outbox.drained()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take whole small frames ourselves, leave the rest to autobahn, whose frame machine costs far more."""
        if self.state == self.STATE_OPEN and not self.data and self.current_frame is None and not self.inside_message:
            payloads, end = whole_frames(data)
            for payload in payloads:
                if self.state == self.STATE_OPEN:
                    self.onMessage(payload, True)
            if payloads and self.autoPingTimeoutCall is not None:
                self._cancelAutoPingTimeoutCall()
            data = data[end:]
        if data:
            super().dataReceived(data)

    # Closing

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close" and self.state != self.STATE_CONNECTING:
            self.close_with(message.get("code") or 1000, message.get("reason") or "")
        else:
            super().handle_reply(message)

    def close_with(self, code: int, reason: str = "") -> None:
        """Close with any code; autobahn's own `sendClose` refuses 1001, 1011, 1012 and their like to applications."""
        if self.state != self.STATE_OPEN:
            return
        payload = reason.encode()[:REASON_MAX_BYTES].decode(errors="ignore").encode()
        self.sendCloseFrame(code=code, reasonUtf8=payload)

    def sendCloseFrame(self, *arguments: Any, **options: Any) -> None:  # noqa: N802
        super().sendCloseFrame(*arguments, **options)
        if self.state != self.STATE_OPEN:
            self.outbox.end()

    def _max_message_size_exceeded(self, msg_size: int, max_msg_size: int, reason: str) -> None:
        """Autobahn discards the rest of the message from here on."""
        self.failedByMe = True
        self.close_with(CloseCode.TOO_LARGE, "message too large")

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        super().connectionLost(reason)
        self.outbox.stopProducing()

    # Heartbeats

    def onPong(self, payload: bytes) -> None:  # noqa: N802
        self.last_pong = time.monotonic()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        last_ping = self.last_ping
        super().onMessage(payload, isBinary)
        self.last_ping = last_ping  # pings go out whatever comes in

    def check_timeouts(self) -> None:
        """Called every two seconds."""
        if self.state == self.STATE_CONNECTING:
            super().check_timeouts()
            return
        now = time.monotonic()
        idle = self.outbox.idle_seconds(now)
        if self.state == self.STATE_OPEN:
            if idle > settings.SOCKET_DEAD_SECONDS:
                logger.info("socket.reader_stalled", extra={"bytes": self.outbox.pending})
                self.outbox.drop()
                self.close_with(CloseCode.TOO_SLOW, "reader too slow")
            elif now - self.last_pong > 2 * settings.SOCKET_PING_SECONDS + settings.SOCKET_DEAD_SECONDS:
                self.close_with(CloseCode.TOO_SLOW, "pings are not answered")
            elif not self.outbox.pending:  # a ping would wait behind what is being read, and time out
                super().check_timeouts()
        elif idle > settings.SOCKET_DEAD_SECONDS + settings.SOCKET_CLOSE_SECONDS:
            self.transport.abortConnection()


class SocketProtocols(WebSocketFactory):
    protocol = SocketProtocol

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # A broken frame is answered by a close frame, as the specification asks, not by a reset.
        self.setProtocolOptions(failByDrop=False, closeHandshakeTimeout=settings.SOCKET_CLOSE_SECONDS)
