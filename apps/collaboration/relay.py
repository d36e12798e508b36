"""What the rooms of one document in several processes tell each other over Redis. All hints: the log is the truth.

notice = kind, 16 bytes sender process, rest
HELLO      nothing: "I have this room too"
UPDATES    varuint position of the first, varuint count, then each as varbytes; no bytes at all where they are many
PRESENCE   varuint count, then each: 16 bytes person, varuint client, varuint clock, varbytes state
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID
from weakref import WeakKeyDictionary

import redis
from django.conf import settings

from apps.collaboration.frames import BadFrame, read_varbytes, read_varuint, varbytes, varuint
from apps.core.redis import async_redis, key

logger = logging.getLogger(__name__)

NOBODY = bytes(16)  # the sender of what was appended outside of any room

PresenceEntry = tuple[UUID, int, int, bytes]  # person, client, clock, state


class NoticeKind(IntEnum):
    HELLO = 0
    UPDATES = 1
    PRESENCE = 2


@dataclass(frozen=True)
class Notice:
    """`updates` is empty where `count` is not: then they have to be read from the log."""

    kind: NoticeKind
    sender: bytes
    first: int = 0
    count: int = 0
    updates: Sequence[bytes] = ()
    presence: Sequence[PresenceEntry] = ()


def channel(document_id: UUID) -> str:
    return key("log", document_id)


def hello(sender: bytes) -> bytes:
    return bytes((NoticeKind.HELLO,)) + sender


def updates_notice(sender: bytes, first: int, updates: Sequence[bytes]) -> bytes:
    head = bytes((NoticeKind.UPDATES,)) + sender + varuint(first) + varuint(len(updates))
    if sum(map(len, updates)) > settings.SYNC_NOTICE_MAX_BYTES:
        return head
    return head + b"".join(map(varbytes, updates))


def presence_notice(sender: bytes, entries: Sequence[PresenceEntry]) -> bytes:
    body = b"".join(
        person.bytes + varuint(client) + varuint(clock) + varbytes(state) for person, client, clock, state in entries
    )
    return bytes((NoticeKind.PRESENCE,)) + sender + varuint(len(entries)) + body


def read_notice(data: bytes) -> Notice | None:
    """Return the notice, or None when it is none of ours (another version's)."""
    try:
        kind, sender, at = NoticeKind(data[0]), data[1:17], 17
        if kind is NoticeKind.HELLO:
            return Notice(kind, sender)
        if kind is NoticeKind.UPDATES:
            first, at = read_varuint(data, at)
            count, at = read_varuint(data, at)
            updates = []
            while at < len(data):
                update, at = read_varbytes(data, at)
                updates.append(update)
            return Notice(kind, sender, first, count, updates)
        count, at = read_varuint(data, at)
        entries = []
        for _ in range(count):
            person = UUID(bytes=data[at : at + 16])
            client, at = read_varuint(data, at + 16)
            clock, at = read_varuint(data, at)
            state, at = read_varbytes(data, at)
            entries.append((person, client, clock, state))
        return Notice(kind, sender, presence=entries)
    except (ValueError, IndexError, BadFrame):
        logger.warning("relay.unknown_notice", extra={"bytes": len(data)})
        return None


class Relay:
    """Publishes the notices of one process: those of a few milliseconds travel in one write."""

    def __init__(self) -> None:
        self.sender = os.urandom(16)
        self._waiting: list[tuple[str, bytes]] = []
        self._task: asyncio.Task[None] | None = None

    def publish(self, channel: str, notice: bytes) -> None:
        self._waiting.append((channel, notice))
        if self._task is None:
            self._task = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        """Publish until nothing is left. What cannot be published is dropped: readers of the log find it."""
        while self._waiting:
            await asyncio.sleep(settings.SYNC_NOTICE_SECONDS)
            waiting, self._waiting = self._waiting, []
            try:
                pipeline = async_redis().pipeline(transaction=False)
                for channel, notice in waiting:
                    pipeline.publish(channel, notice)
                async with asyncio.timeout(settings.SYNC_NOTICE_TIMEOUT_SECONDS):
                    await pipeline.execute(raise_on_error=False)
            except (redis.RedisError, OSError):  # a timeout is an OSError
                logger.warning("relay.redis_away", extra={"notices": len(waiting)})
        self._task = None


_relays: "WeakKeyDictionary[asyncio.AbstractEventLoop, Relay]" = WeakKeyDictionary()


def relay() -> Relay:
    """Return the running loop's relay."""
    return _relays.setdefault(asyncio.get_running_loop(), Relay())
