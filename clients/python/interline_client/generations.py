"""A generation as an asynchronous iterator of its events, which goes on by itself after a lost connection."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from interline_client.errors import InterlineError, raise_for_problem

ENDS = frozenset({"done", "failed", "cancelled"})
RETRY_FIRST_SECONDS = 0.25
RETRY_MAX_SECONDS = 10.0
SILENCE_MAX_SECONDS = 45.0  # the server sends a comment every 15 s


class Event(dict[str, Any]):
    """One event, as the server's JSON has it."""

    @property
    def type(self) -> str:
        return str(self["type"])

    @property
    def seq(self) -> int:
        return int(self["seq"])

    @property
    def is_end(self) -> bool:
        return self.type in ENDS


class Generation:
    """One answer of the assistant. Iterating yields every event once and in order, and ends with its end."""

    def __init__(self, http: httpx.AsyncClient, generation_id: UUID) -> None:
        self._http = http
        self.id = generation_id
        self._seq = 0

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def text(self) -> str:
        """Follow it to its end; return all of its text. Raises InterlineError when it fails or is cancelled."""
        parts: list[str] = []
        async for event in self:
            if event.type == "chunk":
                parts.append(event["text"])
            elif event.type == "failed":
                raise InterlineError(event["code"], event["message"], retry_after=event.get("retry_after"))
            elif event.type == "cancelled":
                raise InterlineError("cancelled", "The generation was stopped.")
        return "".join(parts)

    async def cancel(self) -> None:
        """Have it stopped. Its last event tells that it was."""
        await self._post("cancel")

    async def decide(self, decision: str, *, edit_id: str | None = None, final_text: str | None = None) -> None:
        """Say what was decided: accepted, rejected or edited, about all of it or about one edit."""
        body = {"decision": decision, "edit_id": edit_id, "final_text": final_text}
        await self._post("decisions", {name: value for name, value in body.items() if value is not None})

    async def _post(self, what: str, body: dict[str, Any] | None = None) -> None:
        await raise_for_problem(await self._http.post(f"/generations/{self.id}/{what}", json=body))

    async def _events(self) -> AsyncIterator[Event]:
        """Yield events; where the connection ends before the generation, come back after the last one seen."""
        failures = 0
        while True:
            try:
                async for event in self._stream():
                    failures = 0
                    self._seq = event.seq
                    yield event
                    if event.is_end:
                        return
            except (httpx.TransportError, InterlineError) as error:
                if isinstance(error, InterlineError) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
            failures += 1
            wait = min(RETRY_MAX_SECONDS, RETRY_FIRST_SECONDS * 2**failures)
            await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311  (no secret)

    async def _stream(self) -> AsyncIterator[Event]:
        timeout = httpx.Timeout(self._http.timeout.connect, read=SILENCE_MAX_SECONDS)
        headers = {"Last-Event-ID": str(self._seq)}
        path = f"/generations/{self.id}/events"
        async with self._http.stream("GET", path, headers=headers, timeout=timeout) as answer:
            await raise_for_problem(answer)
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    yield Event(json.loads(line[5:]))
