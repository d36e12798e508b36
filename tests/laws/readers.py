"""A person's browser as the assistant's log sees it: a cursor per generation behind a socket that comes and goes.

Resends what was not answered and asks for what it misses, as `frontend/src/assistant/socket.ts` does.
"""

import asyncio
import hashlib
import json
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from tests.laws.writers import NOT_CONNECTED, PERMANENT, RECONNECT_SECONDS, ChooseURL, connection

ENDS = ("done", "failed", "cancelled")
PING_SECONDS = 1.0
SILENCE_SECONDS = 4.0

Frame = dict[str, Any]


@dataclass
class Reading:
    """What one reader has of one generation."""

    position: int = 0
    text: str = ""
    end: Frame | None = None
    marks: dict[int, int] = field(default_factory=lambda: {0: 0})  # seq -> characters up to there
    decided: list[str] = field(default_factory=list)

    def take(self, event: Frame) -> str | None:
        """Take an event; return what is wrong with it, `gap` where something before it is missing."""
        seq, first = event["seq"], event["seq"] - event.get("span", 1)
        if first > self.position:
            return "gap"
        known = self.text[self.marks[first] :] if first in self.marks else None
        text = event.get("text", "") if event["type"] == "chunk" else ""
        if known is not None:
            known = known[: self.marks[seq] - self.marks[first]] if seq in self.marks else known
            shorter, longer = (text, known) if seq <= self.position else (known, text)
            if not longer.startswith(shorter) or (seq in self.marks and text != known):
                return f"seq {seq} is {text!r} now and was {known!r}"
        if seq <= self.position:
            return None
        if self.end is not None and event["type"] != "decided":
            return f"{event['type']} came after {self.end['type']}"
        if known is None:
            return "gap"  # a frame for several events begins before what is here: asked again from here, as browsers do
        self.text += text[len(known) :]
        self.position = seq
        self.marks[seq] = len(self.text)
        if event["type"] in ENDS:
            self.end = event
        elif event["type"] == "decided":
            self.decided.append(event["edit_id"])
        return None

    def lie(self) -> str | None:
        """Return what `done` says that is not so."""
        if self.end is None or self.end["type"] != "done":
            return None
        if self.end["sha256"] != hashlib.sha256(self.text.encode()).hexdigest():
            return f"the text of {len(self.text)} characters has not the hash of its done ({self.end['characters']})"
        return None


class Reader:
    """Hears everybody's generations, and starts and cancels some of its own."""

    def __init__(self, name: str, cookie: str, choose_url: ChooseURL, chance: random.Random) -> None:
        self.name = name
        self.readings: dict[str, Reading] = {}
        self.asked: dict[str, Frame] = {}  # requests without an answer yet
        self.cancelled: set[str] = set()
        self.decisions: list[Frame] = []  # that were not told yet
        self.complaints: list[str] = []
        self.errors: list[Frame] = []
        self.greeted = False
        self.cookie = cookie
        self._choose_url = choose_url
        self._chance = chance
        self._socket: ClientConnection | None = None
        self._heard_at = 0.0

    # What the person does

    async def ask(self, **fields: Any) -> str:
        """Start a generation whose prompt names its id; now and then the request is sent twice."""
        generation = str(uuid4())
        self.asked[generation] = {
            "type": "generate",
            "id": generation,
            "action": "continue",
            "input": {"text_before": f"id={generation} It was late. "},
            **fields,
        }
        for _ in range(self._chance.choice([1, 1, 2])):
            await self._send(self.asked[generation])
        return generation

    async def cancel(self, generation: str) -> None:
        self.cancelled.add(generation)
        await self._send({"type": "cancel", "id": generation})

    async def decide(self, generation: str) -> None:
        """Decide about a part of it, once; what is not told is sent again."""
        edit_id = uuid4().hex
        self.decisions.append({"type": "decide", "id": generation, "edit_id": edit_id, "decision": "accepted"})
        await self._send(self.decisions[-1])

    def drop(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()

    @property
    def waits_for(self) -> list[str]:
        return [generation for generation, reading in self.readings.items() if reading.end is None]

    # The socket

    async def run(self) -> None:
        """Stay connected, whatever happens, until cancelled."""
        while True:
            with suppress(*NOT_CONNECTED, WebSocketException):
                async with connection(self._choose_url(), self.cookie) as socket:
                    await self._talk(socket)
            await asyncio.sleep(self._chance.uniform(0.2, 1) * RECONNECT_SECONDS)

    async def _talk(self, socket: ClientConnection) -> None:
        loop = asyncio.get_running_loop()
        self._socket, self._heard_at = socket, loop.time()
        pinging = asyncio.create_task(self._ping(socket))
        try:
            while True:
                frame = json.loads(await socket.recv())
                self._heard_at = loop.time()
                await self._take(frame)
        finally:
            self._socket, self.greeted = None, False
            pinging.cancel()
            if socket.close_code in PERMANENT:
                self.complaints.append(f"{self.name}'s reader was closed with {socket.close_code}")

    async def _ping(self, socket: ClientConnection) -> None:
        loop = asyncio.get_running_loop()
        with suppress(*NOT_CONNECTED, WebSocketException):
            while loop.time() - self._heard_at < SILENCE_SECONDS:
                await asyncio.sleep(PING_SECONDS)
                await socket.send(json.dumps({"type": "ping", "nonce": 1}))
        socket.transport.abort()

    async def _take(self, frame: Frame) -> None:
        if frame["type"] == "hello":
            await self._greet(frame)
        elif frame["type"] == "error":
            self.errors.append(frame)
            self.asked.pop(frame.get("id") or "", None)
            self.decisions = [one for one in self.decisions if one["id"] != frame.get("id")]
        elif "seq" in frame:
            await self._take_event(frame)

    async def _greet(self, hello: Frame) -> None:
        self.greeted = True
        after = {one["id"]: 0 for one in hello["open"]}
        after |= {generation: reading.position for generation, reading in self.readings.items() if not reading.end}
        after = {
            generation: (self.readings[generation].position if generation in self.readings else 0)
            for generation in after
        }
        if after:
            await self._send({"type": "resume", "after": after})
        for request in list(self.asked.values()):
            await self._send(request)
        for decision in self.decisions:
            await self._send(decision)
        for generation in self.cancelled:
            if generation not in self.readings or self.readings[generation].end is None:
                await self._send({"type": "cancel", "id": generation})

    async def _take_event(self, event: Frame) -> None:
        generation = event["id"]
        self.asked.pop(generation, None)
        reading = self.readings.setdefault(generation, Reading())
        problem = reading.take(event)
        if problem == "gap":
            await self._send({"type": "resume", "after": {generation: reading.position}})
        elif problem:
            self.complaints.append(f"{self.name}: {generation}: {problem}")
        else:
            self.decisions = [one for one in self.decisions if one["edit_id"] != event.get("edit_id")]
            await self._send({"type": "ack", "after": {generation: reading.position}})

    async def _send(self, frame: Frame) -> None:
        if self._socket is not None and self.greeted:
            with suppress(*NOT_CONNECTED, WebSocketException):
                await self._socket.send(json.dumps(frame))
