"""Framing of the y-websocket protocol (y-protocols' sync.js and awareness.js, lib0's variable-length integers).

frame     = 0 0 bytes   sync step 1: a state vector
          | 0 1 bytes   sync step 2: an update that answers it
          | 0 2 bytes   an update
          | 1 bytes     awareness: presence of clients
          | 3           query awareness
          | 100 n m     acknowledgement, from us only (see `acknowledgement`)
bytes     = varuint length, then so many bytes
"""

from collections.abc import Mapping
from enum import Enum

VARUINT_MAX_BYTES = 10


class BadFrame(Exception):
    """The bytes do not have the form the protocol asks for."""


class Kind(Enum):
    """What a frame from a client may be."""

    STEP_1 = b"\x00\x00"
    STEP_2 = b"\x00\x01"
    UPDATE = b"\x00\x02"
    AWARENESS = b"\x01"
    QUERY_AWARENESS = b"\x03"


_SYNC_KINDS = (Kind.STEP_1, Kind.STEP_2, Kind.UPDATE)
EMPTY_STATE_VECTOR = b"\x00"
EMPTY_UPDATE = b"\x00\x00"


def read_varuint(data: bytes, at: int) -> tuple[int, int]:
    """Return the integer at `at` and where the next thing begins.

    Raises BadFrame after 10 bytes and IndexError past the end. Bounded, because reading a million continuation bytes
    takes quadratic time.
    """
    byte = data[at]
    if byte < 128:
        return byte, at + 1
    value = byte & 127
    shift = 7
    for next_at in range(at + 1, at + VARUINT_MAX_BYTES):
        byte = data[next_at]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, next_at + 1
        shift += 7
    raise BadFrame("an integer is too long")


def varuint(value: int) -> bytes:
    if value < 128:
        return bytes((value,))
    encoded = bytearray()
    while value > 127:
        encoded.append(128 | (value & 127))
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def varbytes(data: bytes) -> bytes:
    return varuint(len(data)) + data


def read_varbytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the bytes at `at` and where the next thing begins. Raises BadFrame when they are not all there."""
    length, at = read_varuint(data, at)
    end = at + length
    if end > len(data):
        raise BadFrame("fewer bytes than announced")
    return data[at:end], end


def parse(frame: bytes) -> tuple[Kind, bytes]:
    """Return what a client's frame is, and its body. Raises BadFrame."""
    try:
        message = frame[0]
        if message == 0:
            kind = _SYNC_KINDS[frame[1]]
            body, end = read_varbytes(frame, 2)
        elif message == 1:
            kind = Kind.AWARENESS
            body, end = read_varbytes(frame, 1)
        elif message == 3:
            kind, body, end = Kind.QUERY_AWARENESS, b"", 1
        else:
            raise BadFrame("unknown message")
    except IndexError:
        raise BadFrame("the frame ends early or has an unknown kind") from None
    if end != len(frame):
        raise BadFrame("bytes after the end")
    return kind, body


def frame(kind: Kind, body: bytes) -> bytes:
    return kind.value + varbytes(body)


def acknowledgement(position: int, count: int) -> bytes:
    """Return message 100: the document's sequence number, and how many of the connection's updates are durable."""
    return b"\x64" + varuint(position) + varuint(count)


def read_state_vector(data: bytes) -> dict[int, int]:
    """Return {client id: clock after its last known struct}. Raises BadFrame."""
    try:
        count, at = read_varuint(data, 0)
        if count > len(data):
            raise BadFrame("more clients than bytes")
        clocks: dict[int, int] = {}
        for _ in range(count):
            client, at = read_varuint(data, at)
            clocks[client], at = read_varuint(data, at)
    except IndexError:
        raise BadFrame("the state vector ends early") from None
    if at != len(data) or len(clocks) != count or any(clock >> 32 for clock in clocks.values()):
        raise BadFrame("not a state vector")
    if any(client >> 53 for client in clocks):
        raise BadFrame("a client id is too large")
    return clocks


def write_state_vector(clocks: Mapping[int, int]) -> bytes:
    known = [varuint(client) + varuint(clock) for client, clock in clocks.items() if clock]
    return varuint(len(known)) + b"".join(known)


def websocket_frame(payload: bytes) -> bytes:
    """Return `payload` as one unmasked binary WebSocket frame (RFC 6455 § 5.2)."""
    length = len(payload)
    if length < 126:
        return bytes((0x82, length)) + payload
    if length < 1 << 16:
        return b"\x82\x7e" + length.to_bytes(2, "big") + payload
    return b"\x82\x7f" + length.to_bytes(8, "big") + payload
