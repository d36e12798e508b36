"""Flow control of one connection, which daphne lacks: a bounded queue in, and a queue out that somebody can wait for.

Twisted tells a registered producer when its transport holds more than 64 KiB (`pauseProducing`) and when that has gone
out (`resumeProducing`). daphne registers none.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from django.conf import settings
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer


class Intake(asyncio.Queue[Any]):
    """A socket's unread messages. Bounded by pausing the transport, because daphne's `put_nowait` cannot wait."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = protocol
        self._bytes = 0
        self._paused = False

    def _put(self, item: Any) -> None:
        super()._put(item)
        self._bytes += _size(item)
        if not self._paused and (
            self.qsize() > settings.SOCKET_INTAKE_MAX_MESSAGES or self._bytes > settings.SOCKET_INTAKE_MAX_BYTES
        ):
            self._paused = True
            if self._protocol.transport:
                self._protocol.transport.pauseProducing()

    def _get(self) -> Any:
        item = super()._get()
        self._bytes -= _size(item)
        if (
            self._paused
            and self.qsize() <= settings.SOCKET_INTAKE_MAX_MESSAGES // 2
            and self._bytes <= settings.SOCKET_INTAKE_MAX_BYTES // 2
        ):
            self._paused = False
            if self._protocol.transport:
                self._protocol.transport.resumeProducing()
        return item


def whole_frames(data: bytes) -> tuple[list[bytes], int]:
    """Return the payloads of the whole, masked, unfragmented binary frames below 64 KiB at the start of `data`, and
    where anything else begins (RFC 6455 § 5.2)."""
    payloads = []
    at, end = 0, len(data)
    while end - at >= 6 and data[at] == 0x82 and data[at + 1] & 0x80:
        length, start = data[at + 1] & 0x7F, at + 6
        if length == 126:
            length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 8
        elif length == 127:
            break
        if start + length > end:
            break
        mask = (data[start - 4 : start] * (length // 4 + 1))[:length]
        masked = int.from_bytes(data[start : start + length], "little")
        payloads.append((masked ^ int.from_bytes(mask, "little")).to_bytes(length, "little"))
        at = start + length
    return payloads, at


def _size(item: Any) -> int:
    return len(item.get("bytes") or item.get("text") or b"")


@implementer(IPushProducer)
class Drain:
    """Lets who sends wait until what was written has gone out far enough."""

    def __init__(self) -> None:
        self.paused = False
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def is_full(self) -> bool:
        return self.paused

    async def drained(self) -> None:
        """Wait until there is room again, or the connection has ended."""
        if self.is_full:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's names)
        self.paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.paused = False
        self._release()

    def stopProducing(self) -> None:  # noqa: N802
        self.paused = False
        self._release()

    def _release(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class Outbox(Drain):
    """What still has to go out on a WebSocket, in order: whole frames, by reference, fed to the transport in pieces.

    Everything the socket sends passes through `put`, or a frame would end up inside another. `on_drained` is called
    when all of it has gone out, after it had not. What is put after `end` is dropped.
    """

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self.on_drained: Callable[[], None] | None = None
        self._transport = transport
        self._socket_send = transport.socket.send
        self._waiting: deque[memoryview] = deque()
        self._waiting_bytes = 0
        self._is_clear = False  # known to have nothing waiting, here or in the transport
        self._has_ended = False
        self._left_over = 0  # bytes that could not be sent at once, in all
        self._moved = 0  # how many of them had gone out at the last look
        self._moved_at = float("inf")
        if transport.producer is not None:
            transport.unregisterProducer()  # the HTTP channel, which the upgrade leaves behind
        transport.registerProducer(self, True)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # Linux, macOS
            transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, settings.SOCKET_UNSENT_MAX_BYTES)

    def put(self, frames: bytes) -> int:
        """Send `frames`, at once where nothing waits before them. Returns the bytes waiting behind the first frame.

        Nearly always one look and one call: with 50 readers this is half of what an update costs, and most of that is
        fetching from memory what is looked at.
        """
        sent = 0
        if self._is_clear or self._look():
            try:
                sent = self._socket_send(frames)
            except BlockingIOError:
                pass
            except OSError:
                return 0  # Twisted sees the same and says that the client has gone
            if sent == len(frames):
                return 0
        return 0 if self._has_ended else self._put_behind(memoryview(frames)[sent:])

    def _look(self) -> bool:
        """Note and say whether nothing waits any more."""
        transport = self._transport
        self._is_clear = not (self._has_ended or self._waiting or transport.dataBuffer or transport._tempDataBuffer)
        return self._is_clear

    def _put_behind(self, rest: memoryview) -> int:
        self._is_clear = False
        self._left_over += len(rest)
        self._waiting.append(rest)
        self._waiting_bytes += len(rest)
        self._feed()
        return self._waiting_bytes - len(self._waiting[0]) if self._waiting else 0

    def end(self) -> None:
        """Take nothing more: a close frame is the last."""
        self._has_ended = True
        self._is_clear = False

    @property
    def is_full(self) -> bool:
        return self.paused or bool(self._waiting)

    @property
    def pending(self) -> int:
        """Return the bytes the kernel has not taken yet."""
        transport = self._transport
        held: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return held + self._waiting_bytes

    def idle_seconds(self, now: float) -> float:
        """Return for how long nothing went out of what has to; exact to the interval of the calls."""
        moved = self._left_over - self.pending
        if not self.pending or moved != self._moved:
            self._moved, self._moved_at = moved, now
        self._moved_at = min(self._moved_at, now)
        return now - self._moved_at

    def drop(self) -> None:
        """Forget what waits, but for the frame that has begun."""
        while len(self._waiting) > 1:
            dropped = self._waiting.pop()
            self._waiting_bytes -= len(dropped)
            self._left_over -= len(dropped)

    def resumeProducing(self) -> None:  # noqa: N802
        self.paused = False
        self._feed()
        if self._transport.disconnecting:
            self._transport.unregisterProducer()  # else it waits for more from us before it closes
        elif not self.is_full:
            self._release()
            if self.on_drained is not None:
                self.on_drained()

    def stopProducing(self) -> None:  # noqa: N802
        self.end()
        self._waiting.clear()
        self._waiting_bytes = 0
        super().stopProducing()

    def _feed(self) -> None:
        while self._waiting and not self.paused:
            chunk = self._waiting.popleft()
            if len(chunk) > settings.SOCKET_PIECE_BYTES:
                self._waiting.appendleft(chunk[settings.SOCKET_PIECE_BYTES :])
                chunk = chunk[: settings.SOCKET_PIECE_BYTES]
            self._waiting_bytes -= len(chunk)
            self._transport.write(bytes(chunk))  # pauses us when it holds enough
