"""Log 2: a generation's events, while it streams. One Redis Stream per generation, with ids `<epoch>-<seq>`.

Redis refuses an id that does not grow, so a generator that was presumed dead and replaced (a new epoch) cannot write
another event: fencing without a lock. Who takes over raises the epoch before it reads. Appending and telling is one
script, so that what was refused is told to nobody. `seq` never restarts and has no gaps, whatever the epochs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import redis
from django.conf import settings

from apps.assistant.messages.events import END_TYPES, Chunk, Decided, Event
from apps.core.redis import async_redis, key, sync_redis

Kind = Literal["chunk", "end", "decided", "other"]

APPEND = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local seq = last[1] and string.match(last[1][1], '-(%d+)$') or '0'
if string.match(ARGV[3], '-(%d+)$') - 1 ~= tonumber(seq) then return redis.error_reply('GAP') end
local lines = {}
for i = 3, #ARGV, 2 do
    redis.call('XADD', KEYS[1], ARGV[i], 'e', ARGV[i + 1])
    lines[#lines + 1] = ARGV[i + 1]
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[1], table.concat(lines, '\\n'))
"""

FENCE = """
redis.call('XADD', KEYS[1], ARGV[1], 'fence', '')
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('XRANGE', KEYS[1], '-', '+')
"""


class Fenced(Exception):
    """Another generator has taken over this generation."""


class Gap(Exception):
    """Redis does not have what comes before: it was emptied, or has had this already."""


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
    """Return `event` as it goes into the log and over the wire. `private_to`: who alone may see it."""
    kind: Kind = "other"
    event_type = getattr(event, "type", "")
    if event_type == "chunk":
        kind = "chunk"
    elif event_type in END_TYPES:
        kind = "end"
    elif isinstance(event, Decided):
        kind = "decided"
    return Line(event.id, private_to, event.seq, kind, event.model_dump_json())


def text_of(line: Line) -> str:
    """Return the text an event adds to the answer."""
    return Chunk.model_validate_json(line.frame).text if line.kind == "chunk" else ""


def decode_notice(payload: bytes) -> list[Line]:
    return [Line.decode(line) for line in payload.split(b"\n")]


async def append(document_id: UUID, epoch: int, lines: Sequence[Line]) -> None:
    """Append `lines` of one generation and tell everybody. Raises Fenced, Gap, redis.RedisError."""
    arguments = _append_arguments(document_id, epoch, lines, settings.ASSISTANT_LOG_MAX_AGE_SECONDS)
    await _run(APPEND, lines[0].generation_id, arguments)


def append_now(document_id: UUID, epoch: int, lines: Sequence[Line], kept_seconds: int) -> None:
    """As `append`, without an event loop. Raises Fenced, Gap, redis.RedisError."""
    registered = sync_redis().register_script(APPEND)
    try:
        registered(
            keys=[events_key(lines[0].generation_id)],
            args=_append_arguments(document_id, epoch, lines, kept_seconds),
        )
    except redis.ResponseError as error:
        raise _meaning(error) from None


def _append_arguments(document_id: UUID, epoch: int, lines: Sequence[Line], kept_seconds: int) -> list[Any]:
    arguments: list[Any] = [channel(document_id), kept_seconds]
    for line in lines:
        arguments += (f"{epoch}-{line.seq}", line.encode())
    return arguments


async def take_over_log(generation_id: UUID, epoch: int) -> list[Line]:
    """Return every event there is, oldest first, when nobody of an earlier epoch can append another.

    Without the fence, what the last generator still has on its way would be told, and then `epoch` would write the
    same `seq` again. Raises Fenced where a later epoch was here before.
    """
    entries = await _run(FENCE, generation_id, [f"{epoch}-0", settings.ASSISTANT_LOG_MAX_AGE_SECONDS])
    return [Line.decode(fields[1]) for _, fields in entries]


async def _run(script: str, generation_id: UUID, arguments: list[Any]) -> Any:
    """Run a script on the generation's stream. Raises Fenced, Gap, redis.RedisError."""
    registered = async_redis().register_script(script)
    try:
        return await registered(keys=[events_key(generation_id)], args=arguments)
    except redis.ResponseError as error:
        raise _meaning(error) from None


def _meaning(error: redis.ResponseError) -> Exception:
    """Return what it means that a script refused."""
    if "equal or smaller" in str(error):
        return Fenced()
    return Gap() if "GAP" in str(error) else error


async def last_position(generation_id: UUID) -> tuple[int, int]:
    """Return the epoch that may append, and the seq of the last event; (0, 0) where Redis knows nothing."""
    try:
        stream: Any = await async_redis().xinfo_stream(events_key(generation_id))
    except redis.ResponseError:  # no such key
        return 0, 0
    last = stream["last-entry"]
    return _parts(stream["last-generated-id"])[0], _parts(last[0])[1] if last else 0


def _parts(entry_id: bytes) -> tuple[int, int]:
    epoch, seq = entry_id.split(b"-")
    return int(epoch), int(seq)


async def read_log(generation_id: UUID) -> list[Line]:
    """Return every event that is in Redis, oldest first; empty where the log expired or never was."""
    return _lines(await async_redis().xrange(events_key(generation_id)))


def read_log_now(generation_id: UUID) -> list[Line]:
    """As `read_log`, without an event loop."""
    return _lines(sync_redis().xrange(events_key(generation_id)))


def _lines(entries: Any) -> list[Line]:
    return [Line.decode(fields[b"e"]) for _, fields in entries]


async def expire_log(generation_id: UUID) -> None:
    """Let the log go once the transcript is stored; for a while it still serves readers that are behind."""
    await async_redis().expire(events_key(generation_id), settings.ASSISTANT_LOG_KEPT_SECONDS)
