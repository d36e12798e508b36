"""Presence: who has the document open and where their cursor is (y-protocols' awareness, kept by the server).

    body  = varuint clients, entries
    entry = varuint client, varuint clock, varbytes JSON of the client's state, `null` when it has left

A client may speak for one client id only, the one it used first. What others see of a person's name and colour comes
from the account. Nothing in here raises for what a frame says: what may not be is dropped quietly, because stock
clients pass on what they heard.
"""

import json
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from apps.collaboration.frames import BadFrame, Kind, frame, read_varbytes, read_varuint, varbytes, varuint

CLIENT_LIMIT = 1 << 53
CLOCK_LIMIT = 1 << 31
CLOCK_JUMP_MAX = 10_000  # a larger step forward is taken for 1
GONE = b"null"


class Speaker(Protocol):
    """A connection, as far as presence is concerned. `badge`: what others see of the person."""

    presence_id: int | None
    person_id: UUID
    badge: dict[str, str]


@dataclass(slots=True)
class Entry:
    """What is known of one client id. `speaker` is None when it is connected to another process, or gone."""

    clock: int
    state: bytes
    person_id: UUID
    speaker: Speaker | None
    heard_at: float

    @property
    def is_gone(self) -> bool:
        return self.state == GONE


def read_awareness(body: bytes) -> list[tuple[int, int, bytes]]:
    """Return the entries (client, clock, JSON) of an awareness message. Raises BadFrame."""
    try:
        count, at = read_varuint(body, 0)
        if count > len(body):
            raise BadFrame("more clients than bytes")
        entries = []
        for _ in range(count):
            client, at = read_varuint(body, at)
            clock, at = read_varuint(body, at)
            state, at = read_varbytes(body, at)
            if client >= CLIENT_LIMIT:
                raise BadFrame("a client id is too large")
            entries.append((client, clock, state))
    except IndexError:
        raise BadFrame("the awareness message ends early") from None
    if at != len(body):
        raise BadFrame("bytes after the end")
    return entries


def awareness_frame(entries: list[tuple[int, int, bytes]]) -> bytes:
    body = b"".join(varuint(client) + varuint(clock) + varbytes(state) for client, clock, state in entries)
    return frame(Kind.AWARENESS, varuint(len(entries)) + body)


def clean_state(state: bytes, badge: dict[str, str]) -> bytes | None:
    """Return a client's state with the person's real name and colour in it, or None when it is no state."""
    try:
        value: Any = json.loads(state, parse_constant=_refuse)
        if value is None:
            return GONE
        if not isinstance(value, dict):
            return None
        value["user"] = badge
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class Presence:
    """The clients of one room. Every method that changes something returns the entries others have to hear."""

    def __init__(self, *, max_clients: int, timeout_seconds: float) -> None:
        self._entries: dict[int, Entry] = {}
        self._max_clients = max_clients
        self._timeout = timeout_seconds

    def say(self, speaker: Speaker, entries: list[tuple[int, int, bytes]], now: float) -> list[tuple[int, int, bytes]]:
        """Take what a client says of itself; entries for others are dropped."""
        told = []
        for client, clock, raw in entries:
            state = clean_state(raw, speaker.badge) if self._may_speak(speaker, client, clock, raw) else None
            if state is None:
                continue
            known = self._entries.get(client)
            if known is None:
                clock = min(clock, CLOCK_LIMIT)
            elif not known.clock < clock <= known.clock + CLOCK_JUMP_MAX:
                clock = known.clock + 1  # heard before a reconnection, or a jump
            if speaker.presence_id is not None and speaker.presence_id != client:
                told += self.leave(speaker)
            speaker.presence_id = client
            self._entries[client] = Entry(clock, state, speaker.person_id, speaker, now)
            told.append((client, clock, state))
        self._forget_some()
        return told

    def _may_speak(self, speaker: Speaker, client: int, clock: int, state: bytes) -> bool:
        """Say whether the client id is the speaker's own, new, or was used by the same person before.

        A stock client sends back what it heard, with the clock that it heard: that is never news.
        """
        known = self._entries.get(client)
        if known is None:
            return len(self._entries) < self._max_clients
        if known.speaker is speaker:
            return True
        if known.person_id != speaker.person_id or state == GONE:
            return False
        return clock > known.clock or (known.is_gone and speaker.presence_id is None)

    def leave(self, speaker: Speaker) -> list[tuple[int, int, bytes]]:
        """Take away what a connection that ended had said."""
        client = speaker.presence_id
        speaker.presence_id = None
        entry = self._entries.get(client) if client is not None else None
        if client is None or entry is None or entry.speaker is not speaker:
            return []
        entry.speaker = None
        if entry.is_gone:
            return []
        entry.state = GONE
        return [(client, entry.clock, GONE)]

    def hear(self, person_id: UUID, client: int, clock: int, state: bytes, now: float) -> list[tuple[int, int, bytes]]:
        """Take what another process says of a client of its own."""
        known = self._entries.get(client)
        if known and (known.clock > clock or (known.clock == clock and not (state == GONE and not known.is_gone))):
            if known.clock == clock:
                known.heard_at = now
            return []
        if known and known.speaker:
            if state == GONE or known.person_id != person_id:
                return []
            known.speaker.presence_id = None  # the client has moved to the other process
        self._entries[client] = Entry(clock, state, person_id, None, now)
        self._forget_some()
        return [(client, clock, state)]

    def everybody(self) -> list[tuple[int, int, bytes]]:
        return [(client, entry.clock, entry.state) for client, entry in self._entries.items() if not entry.is_gone]

    def own(self) -> list[tuple[UUID, int, int, bytes]]:
        """Return the entries of clients connected to this process, with their people."""
        return [
            (entry.person_id, client, entry.clock, entry.state)
            for client, entry in self._entries.items()
            if entry.speaker and not entry.is_gone
        ]

    def expire(self, now: float) -> list[tuple[int, int, bytes]]:
        """Take away clients of other processes that were not heard of for too long."""
        told = []
        for client, entry in self._entries.items():
            if entry.speaker is None and not entry.is_gone and now - entry.heard_at > self._timeout:
                entry.state = GONE
                told.append((client, entry.clock, GONE))
        return told

    def _forget_some(self) -> None:
        if len(self._entries) <= self._max_clients // 2:
            return
        gone = [client for client, entry in self._entries.items() if entry.is_gone and entry.speaker is None]
        for client in gone[: len(self._entries) - self._max_clients // 2]:
            del self._entries[client]
