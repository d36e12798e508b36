"""A person's browser as the document's log sees it: a Yjs document of their own behind a socket that comes and goes.

Says "Saved" by the rules of `frontend/src/collaboration/status.ts`, and notes what was saved then.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from apps.collaboration.frames import EMPTY_UPDATE, Kind, frame, parse, read_varuint

ACK = 100
PERMANENT = {4400, 4401, 4403, 4404, 4413}
RECONNECT_SECONDS = 0.25
RESYNC_SECONDS = 1.0
SILENCE_SECONDS = 4.0  # then the socket is given up, as y-websocket does after 30 s
NOT_CONNECTED = (OSError, TimeoutError, InvalidHandshake, EOFError)

ChooseURL = Callable[[], str]


def connection(url: str, cookie: str) -> connect:
    """Return a socket to be opened as a browser opens it, but for pings: what is silent is found by these clients."""
    return connect(
        url,
        additional_headers={"Cookie": cookie},
        origin=origin_of(url),
        max_size=None,
        compression=None,
        open_timeout=3,
        ping_interval=None,
        close_timeout=0.2,
    )


class Writer:
    """Types unique words at random places, deletes some of its own, goes away and returns."""

    def __init__(self, name: str, cookie: str, choose_url: ChooseURL, chance: random.Random) -> None:
        self.name = name
        self.doc: Doc[Any] = Doc()
        self.typed: set[str] = set()
        self.deleted: set[str] = set()
        self.secured: set[str] = set()  # typed, and once covered by a "Saved"
        self.secured_deletes: set[str] = set()
        self.synced = False
        self.codes: list[int | None] = []  # with which connections ended; None: without a close frame
        self.refused = 0  # attempts that found nobody
        self.complaints: list[str] = []
        self._cookie = cookie
        self._choose_url = choose_url
        self._chance = chance
        self._socket: ClientConnection | None = None
        self._away = asyncio.Event()
        self._here = asyncio.Event()
        self._here.set()
        self._sent = self._acked = 0
        self._unsent = False
        self._heard_at = 0.0

    # What the person does

    @property
    def text(self) -> str:
        return str(self.doc.get("t", type=Text))

    @property
    def state(self) -> bytes:
        return self.doc.get_state()

    @property
    def is_saved(self) -> bool:
        return self.synced and not self._unsent and self._acked >= self._sent

    async def type(self) -> None:
        """Insert a new word, or delete an old one of our own; words are never cut."""
        before = self.doc.get_state()
        text, shown = self.doc.get("t", type=Text), self.text
        mine = sorted(self.typed - self.deleted)
        if mine and self._chance.random() < 0.15:
            word = self._chance.choice(mine)
            at = shown.find(word + " ")
            if at < 0:
                self.complaints.append(f"{self.name} misses {word} in their own copy")
                return
            del text[at : at + len(word) + 1]
            self.deleted.add(word)
        else:
            word = f"{self.name}.{len(self.typed)}"
            places = [0, len(shown), *(at + 1 for at, letter in enumerate(shown) if letter == " ")]
            text.insert(self._chance.choice(places), word + " ")
            self.typed.add(word)
        await self._send_update(self.doc.get_update(before))

    def reload(self) -> None:
        """Close the page and open it again: the browser's copy stays, the Yjs client is a new one."""
        copy: Doc[Any] = Doc()
        copy.apply_update(self.doc.get_update())
        self.doc = copy
        self.drop()

    def drop(self) -> None:
        """Lose the connection without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    def go(self) -> None:
        """Go offline until `come_back`."""
        self._here.clear()
        self.drop()

    def come_back(self) -> None:
        self._here.set()

    # The socket

    async def run(self) -> None:
        """Stay connected, whatever happens, until cancelled."""
        while True:
            await self._here.wait()
            begun = len(self.codes)
            with suppress(*NOT_CONNECTED, WebSocketException):
                async with connection(self._choose_url(), self._cookie) as socket:
                    await self._talk(socket)
            self.refused += len(self.codes) == begun
            await asyncio.sleep(self._chance.uniform(0.2, 1) * RECONNECT_SECONDS)

    async def _talk(self, socket: ClientConnection) -> None:
        self._sent = self._acked = 0
        self._heard_at = time.monotonic()
        self._socket = socket
        asking = asyncio.create_task(self._keep_asking(socket))
        try:
            while True:
                message = await socket.recv()
                assert isinstance(message, bytes)
                self._heard_at = time.monotonic()
                await self._take(socket, message)
        finally:
            self._socket = None
            self._unsent = self._unsent or self._acked < self._sent
            self.synced = False
            asking.cancel()
            if not self._is_leaving():
                self.codes.append(socket.close_code)
            if socket.close_code in PERMANENT:
                self.complaints.append(f"{self.name} was closed with {socket.close_code}")

    @staticmethod
    def _is_leaving() -> bool:
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0

    async def _keep_asking(self, socket: ClientConnection) -> None:
        with suppress(*NOT_CONNECTED, WebSocketException):
            while time.monotonic() - self._heard_at < SILENCE_SECONDS:
                await socket.send(frame(Kind.STEP_1, self.doc.get_state()))
                await asyncio.sleep(RESYNC_SECONDS)
        socket.transport.abort()

    async def _take(self, socket: ClientConnection, message: bytes) -> None:
        if message[0] == ACK:
            _, at = read_varuint(message, 1)
            self._acked = read_varuint(message, at)[0]
            if self._acked > self._sent:
                self.complaints.append(f"{self.name} sent {self._sent} updates, {self._acked} were acknowledged")
            self._note_saved()
            return
        kind, body = parse(message)
        if kind is Kind.STEP_1:
            update = self.doc.get_update(body)
            self._unsent = False
            if update != EMPTY_UPDATE:
                self._sent += 1
            await socket.send(frame(Kind.STEP_2, update))
        elif kind in (Kind.STEP_2, Kind.UPDATE):
            self.doc.apply_update(body)
            self.synced = self.synced or kind is Kind.STEP_2
        self._note_saved()

    async def _send_update(self, update: bytes) -> None:
        if self._socket is None:
            self._unsent = True
            return
        self._sent += 1
        with suppress(*NOT_CONNECTED, WebSocketException):
            await self._socket.send(frame(Kind.UPDATE, update))

    def _note_saved(self) -> None:
        if self.is_saved:
            self.secured |= self.typed
            self.secured_deletes |= self.deleted


def origin_of(url: str) -> Any:
    return "http://" + url.split("/")[2]
