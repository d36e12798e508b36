"""Log 2: a generation's events, while it streams. One Redis Stream per generation, with ids `<epoch>-<seq>`.

Redis refuses an id that does not grow, so a generator that was presumed dead and replaced (a new epoch) cannot write
another event: fencing without a lock. Appending and telling is one script, so that what was refused is told to nobody.
`seq` never restarts, so it grows along the stream whatever the epochs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import redis
from django.conf import settings

from apps.assistant.messages import END_TYPES, Decided, Event
from apps.core.redis import async_redis, key

Kind = Literal["chunk", "end", "decided", "other"]

APPEND = """
local lines = {}
for i = 3, #ARGV, 2 do
    redis.call('XADD', KEYS[1], ARGV[i], 'e', ARGV[i + 1])
    lines[#lines + 1] = ARGV[i + 1]
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[1], table.concat(lines, '\\n'))
"""


class Fenced(Exception):
    """Another generator has taken over this generation."""


def events_key(generation_id: UUID) -> str:
    return key("generation", generation_id, "events")


def channel(document_id: UUID) -> str:
    """Return where the events of a document's generations are told."""
    return key("assistant", document_id)


@dataclass(frozen=True)
class Line:
    """One event as it is stored, told and sent. `private_to`: the only person who may receive it."""

    generation_id: UUID
    private_to: UUID | None
    seq: int
    kind: Kind
    frame: str

    def encode(self) -> bytes:
        head = f"{self.generation_id} {self.private_to or '-'} {self.seq} {self.kind} "
        return (head + self.frame).encode()

    @classmethod
    def decode(cls, stored: bytes) -> "Line":
        generation_id, private_to, seq, kind, frame = stored.decode().split(" ", 4)
        private = None if private_to == "-" else UUID(private_to)
        return cls(UUID(generation_id), private, int(seq), kind, frame)  # type: ignore[arg-type]  # encode wrote it


def line_of(event: Event, private_to: UUID | None) -> Line:
    kind: Kind = "other"
    event_type = getattr(event, "type", "")
    if event_type == "chunk":
        kind = "chunk"
    elif event_type in END_TYPES:
        kind = "end"
    elif isinstance(event, Decided):
        kind = "decided"
    return Line(event.id, private_to, event.seq, kind, event.model_dump_json())


def decode_notice(payload: bytes) -> list[Line]:
    return [Line.decode(line) for line in payload.split(b"\n")]


async def append(document_id: UUID, epoch: int, lines: Sequence[Line]) -> None:
    """Append `lines` of one generation and tell everybody. Raises Fenced, redis.RedisError."""
    arguments: list[Any] = [channel(document_id), settings.ASSISTANT_LOG_MAX_AGE_SECONDS]
    for line in lines:
        arguments += (f"{epoch}-{line.seq}", line.encode())
    client = async_redis()
    script = client.register_script(APPEND)
    try:
        await script(keys=[events_key(lines[0].generation_id)], args=arguments)
    except redis.ResponseError as error:
        if "equal or smaller" in str(error):
            raise Fenced from None
        raise


async def last_position(generation_id: UUID) -> tuple[int, int]:
    """Return the epoch and seq of the last event; (0, 0) where there is none."""
    entries: Any = await async_redis().xrevrange(events_key(generation_id), count=1)
    if not entries:
        return 0, 0
    epoch, seq = entries[0][0].split(b"-")
    return int(epoch), int(seq)


async def read_log(generation_id: UUID) -> list[Line]:
    """Return every event that is in Redis, oldest first; empty where the log expired or never was."""
    entries: Any = await async_redis().xrange(events_key(generation_id))
    return [Line.decode(fields[b"e"]) for _, fields in entries]


async def expire_log(generation_id: UUID) -> None:
    """Let the log go once the transcript is stored; for a while it still serves readers that are behind."""
    await async_redis().expire(events_key(generation_id), settings.ASSISTANT_LOG_KEPT_SECONDS)
