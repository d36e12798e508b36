"""A document's live text: a pycrdt Doc kept in step over `/ws/sync`, the y-websocket protocol.

Frames: `00 00` state vector, `00 01` and `00 02` update, `01` awareness, `64` acknowledgement of two varuints: the
document's sequence number, and how many of our update messages are committed.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from pycrdt import (
    Doc,
    Map,
    TransactionEvent,
    XmlElement,
    XmlFragment,
    XmlText,
    YMessageType,
    YSyncMessageType,
    create_sync_message,
    create_update_message,
    handle_sync_message,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from interline_client.errors import InterlineError

ACKNOWLEDGEMENT = 100
EMPTY_UPDATE = b"\x02\x00\x00"
PERMANENT = {4400: "invalid", 4401: "sign_in", 4403: "forbidden", 4404: "not_found", 4413: "too_large"}
RETRY_FIRST_SECONDS = 0.25
RETRY_MAX_SECONDS = 10.0
SUBPROTOCOL = "bearer."

Token = Callable[[], Awaitable[str]]


class SharedDocument:
    """The text of one document. What is written while the connection is away is sent when it is back."""

    def __init__(self, address: str, token: Token) -> None:
        self.doc: Doc[Any] = Doc()
        self.text: XmlFragment = self.doc.get("default", type=XmlFragment)
        self._meta: Map[Any] = self.doc.get("meta", type=Map)
        self._address = address
        self._token = token
        self._socket: ClientConnection | None = None
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._applying = False
        self._sent = 0
        self._committed = 0
        self._synced = asyncio.Event()
        self._progress = asyncio.Condition()
        self._ended: InterlineError | None = None

    @property
    def title(self) -> str:
        return str(self._meta.get("title", ""))

    @title.setter
    def title(self, title: str) -> None:
        self._meta["title"] = title

    @property
    def paragraphs(self) -> list[str]:
        """The plain text of each top-level block."""
        return ["".join(_texts(block)) for block in self.text.children]

    def append_paragraph(self, text: str) -> None:
        with self.doc.transaction():
            paragraph = self.text.children.append(XmlElement("paragraph"))
            paragraph.children.append(XmlText(text))

    async def saved(self) -> None:
        """Wait until everything written so far is committed in the server's database. Raises InterlineError."""
        async with self._progress:
            await self._progress.wait_for(
                lambda: (
                    self._ended or (self._outbox.empty() and self._synced.is_set() and self._committed >= self._sent)
                )
            )
        if self._ended:
            raise self._ended

    async def changed(self) -> None:
        """Wait for the next change from elsewhere, or for news about our own. Raises InterlineError at the end."""
        async with self._progress:
            await self._progress.wait()
        if self._ended:
            raise self._ended

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["SharedDocument"]:
        """Keep the document in step for the length of the block. Enters when its text is here."""
        subscription = self.doc.observe(self._wrote)
        keeping = asyncio.create_task(self._keep_connected())
        try:
            arriving = asyncio.create_task(self._synced.wait())
            await asyncio.wait({arriving, keeping}, return_when=asyncio.FIRST_COMPLETED)
            arriving.cancel()
            if keeping.done():
                keeping.result()
            if self._ended:
                raise self._ended
            yield self
        finally:
            self.doc.unobserve(subscription)
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    def _wrote(self, event: TransactionEvent) -> None:
        if not self._applying:
            self._outbox.put_nowait(event.update)

    async def _keep_connected(self) -> None:
        failures = 0
        while self._ended is None:
            try:
                token = await self._token()
                async with connect(
                    f"{self._address}?ack=1",
                    subprotocols=[Subprotocol(SUBPROTOCOL + token)],
                    max_size=None,
                    compression=None,
                ) as socket:
                    failures = 0
                    await self._converse(socket)
            except InterlineError as error:
                await self._end(error)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                if code in PERMANENT:
                    reason = closed.rcvd.reason if closed.rcvd else ""
                    await self._end(InterlineError(PERMANENT[code], reason or f"closed with {code}"))
            except (OSError, InvalidHandshake, TimeoutError, httpx.TransportError):
                pass  # comes back below
            finally:
                self._synced.clear()
            failures += 1
            wait = min(RETRY_MAX_SECONDS, RETRY_FIRST_SECONDS * 2**failures)
            await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311  (no secret)

    async def _end(self, error: InterlineError) -> None:
        self._ended = error
        await self._tell()

    async def _converse(self, socket: ClientConnection) -> None:
        """Exchange what each side lacks, then changes as they come."""
        self._sent = self._committed = 0
        while not self._outbox.empty():
            self._outbox.get_nowait()  # it is in the answer to the server's question
        await socket.send(create_sync_message(self.doc))
        writing = asyncio.create_task(self._write(socket))
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    await self._take(socket, message)
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await writing

    async def _write(self, socket: ClientConnection) -> None:
        while True:
            update = await self._outbox.get()
            self._sent += 1
            await socket.send(create_update_message(update))

    async def _take(self, socket: ClientConnection, message: bytes) -> None:
        if message[0] == ACKNOWLEDGEMENT:
            _, at = _varuint(message, 1)
            self._committed, _ = _varuint(message, at)
        elif message[0] == YMessageType.SYNC:
            answer = self._apply(message[1:])
            if answer is not None:
                self._sent += not answer.endswith(EMPTY_UPDATE)  # acknowledged like an update when it carries something
                await socket.send(answer)
            elif message[1] == YSyncMessageType.SYNC_STEP2:
                self._synced.set()
        else:
            return
        await self._tell()

    def _apply(self, message: bytes) -> bytes | None:
        self._applying = True
        try:
            return handle_sync_message(message, self.doc)
        finally:
            self._applying = False

    async def _tell(self) -> None:
        async with self._progress:
            self._progress.notify_all()


def _texts(block: Any) -> list[str]:
    if isinstance(block, XmlText):
        return [text for text, _ in block.diff() if isinstance(text, str)]
    return [text for child in block.children for text in _texts(child)]


def _varuint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
