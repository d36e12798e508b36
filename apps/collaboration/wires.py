"""How bytes reach a client: straight to daphne's TCP transport where it is one, else through ASGI's `send`.

Measured: 5 µs per message with a frame built once and written to the socket, 23 µs through ASGI, 70 µs through a
consumer's `send`. Both ways are bounded: a client that leaves too much unread is reported.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet.tcp import Connection as TCPConnection

from apps.collaboration.frames import websocket_frame
from apps.core.close_codes import CloseCode

logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Take = Callable[[bytes | str], None]

STATE_OPEN = WebSocketProtocol.STATE_OPEN


class Batch:
    """Messages that go out together. The WebSocket frames are built once, however many clients get them."""

    __slots__ = ("frames", "messages")

    def __init__(self, messages: list[bytes]) -> None:
        self.messages = messages
        self.frames = websocket_frame(messages[0]) if len(messages) == 1 else b"".join(map(websocket_frame, messages))


class Wire(Protocol):
    """The way to one client. `put` never raises and never waits: one receiver must not cost the others."""

    def put(self, batch: Batch) -> None: ...

    def close(self, code: CloseCode) -> None: ...

    async def read(self, receive: Receive, take: Take) -> None:
        """Give every message to `take`, until the client has gone."""


class DirectWire:
    """Writes frames to the socket of daphne's protocol, and takes messages where autobahn delivers them."""

    __slots__ = ("_closing", "_max", "_on_slow", "_protocol", "_send", "_socket_send", "_transport")

    def __init__(self, protocol: Any, send: Send, outbound_max_bytes: int, on_slow: Callable[[], None]) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._socket_send = protocol.transport.socket.send
        self._send = send
        self._max = outbound_max_bytes
        self._on_slow = on_slow
        self._closing: asyncio.Task[None] | None = None

    def put(self, batch: Batch) -> None:
        """Write to the socket when nothing waits before it. Called once per delivery, hence so plain."""
        if self._closing is not None or self._protocol.state != STATE_OPEN:
            return
        transport = self._transport
        frames = batch.frames
        if transport.dataBuffer or transport._tempDataBuffer:
            self._put_behind(frames)
            return
        try:
            sent = self._socket_send(frames)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # Twisted sees the same and says that the client has gone
        if sent < len(frames):
            transport.write(frames[sent:])

    def _put_behind(self, frames: bytes) -> None:
        transport = self._transport
        if len(transport.dataBuffer) - transport.offset + transport._tempDataLen > self._max:
            self._on_slow()
        else:
            transport.write(frames)

    def close(self, code: CloseCode) -> None:
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._send_close(code))

    async def _send_close(self, code: CloseCode) -> None:
        await self._send({"type": "websocket.close", "code": int(code)})

    async def read(self, receive: Receive, take: Take) -> None:
        self._protocol.onMessage = partial(_on_message, take)
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            take(_content(message))  # came in before we took over


def _on_message(take: Take, payload: bytes, is_binary: bool) -> None:
    take(payload if is_binary else "")


def _content(message: dict[str, Any]) -> bytes | str:
    content: bytes | str | None = message.get("bytes")
    return message.get("text") or "" if content is None else content


class ASGIWire:
    """Any other server: a bounded queue, emptied by a task, so that nobody waits for a slow client."""

    def __init__(self, send: Send, outbound_max_bytes: int, on_slow: Callable[[], None]) -> None:
        self._send = send
        self._max = outbound_max_bytes
        self._on_slow = on_slow
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._code: CloseCode | None = None
        self._wake = asyncio.Event()

    def put(self, batch: Batch) -> None:
        if self._code is not None:
            return
        if self._bytes > self._max:
            self._on_slow()
            return
        self._waiting.extend(batch.messages)
        self._bytes += sum(map(len, batch.messages))
        self._wake.set()

    def close(self, code: CloseCode) -> None:
        if self._code is None:
            self._code = code
            self._wake.set()

    async def read(self, receive: Receive, take: Take) -> None:
        writer = asyncio.create_task(self._write())
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                take(_content(message))
        finally:
            writer.cancel()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting and self._code is not CloseCode.TOO_SLOW:
                    message = self._waiting.popleft()
                    self._bytes -= len(message)
                    await self._send({"type": "websocket.send", "bytes": message})
                if self._code is not None:
                    await self._send({"type": "websocket.close", "code": int(self._code)})
                    return
        except Exception:
            logger.info("sync.send_failed")  # the server reports the disconnection to `receive`


def make_wire(send: Send, outbound_max_bytes: int, on_slow: Callable[[], None]) -> Wire:
    """Return the wire for an accepted socket. `on_slow` is called when the client leaves too much unread."""
    protocol = _daphne_protocol(send)
    if protocol is not None:
        return DirectWire(protocol, send, outbound_max_bytes, on_slow)
    return ASGIWire(send, outbound_max_bytes, on_slow)


def _daphne_protocol(send: Any) -> Any | None:
    """Return the WebSocket protocol behind `send` when it is daphne's over plain TCP.

    daphne's `send` is `partial(server.handle_reply, protocol)`; the session middleware wraps it in a method.
    """
    wrapper = getattr(send, "__self__", None)
    send = getattr(wrapper, "real_send", send)
    if not isinstance(send, partial) or getattr(send.func, "__name__", "") != "handle_reply" or not send.args:
        return None
    protocol = send.args[0]
    return protocol if isinstance(getattr(protocol, "transport", None), TCPConnection) else None
