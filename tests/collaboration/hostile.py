"""Frames that crash, hang or poison a server that applies what it gets. Sizes and effects: each comment."""

from apps.collaboration.frames import Kind, frame, varbytes, varuint

CLIENT = 7  # the sender's client id in these updates


def section(client: int, clock: int, *structs: bytes) -> bytes:
    return varuint(len(structs)) + varuint(client) + varuint(clock) + b"".join(structs)


def update(*sections: bytes, deletes: bytes = b"\x00") -> bytes:
    return varuint(len(sections)) + b"".join(sections) + deletes


def root_item(content: bytes, *, kind: int, root: bytes = b"t", key: bytes | None = None) -> bytes:
    info = kind | (0x20 if key is not None else 0)
    return bytes((info, 1)) + varbytes(root) + (varbytes(key) if key is not None else b"") + content


def item_after(client: int, clock: int, content: bytes, *, kind: int) -> bytes:
    return bytes((kind | 0x80,)) + varuint(client) + varuint(clock) + content


def item_in(client: int, clock: int, content: bytes, *, kind: int) -> bytes:
    return bytes((kind, 0)) + varuint(client) + varuint(clock) + content


def string(text: str) -> bytes:
    return varbytes(text.encode())


def gc(length: int) -> bytes:
    return b"\x00" + varuint(length)


TYPE_MAP = b"\x01"
LETTER = root_item(string("a"), kind=4)
DEEP_ANY = b"\x01" + b"\x75\x01" * 26_600 + b"\x7e"  # an array in an array in …; 53 kB, a segmentation fault
DEEP_JSON = varbytes(b"[" * 2_000 + b"]" * 2_000)


def nested_types(depth: int) -> bytes:
    structs = [root_item(TYPE_MAP, kind=7)]
    structs += [item_in(CLIENT, clock, TYPE_MAP, kind=7) for clock in range(depth)]
    return update(section(CLIENT, 0, *structs))


UPDATES = {
    "a value nested deeper than the stack": update(section(CLIENT, 0, root_item(DEEP_ANY, kind=8))),
    "JSON nested deep": update(section(CLIENT, 0, root_item(DEEP_JSON, kind=5))),
    "a clock that wraps 32 bits": update(
        section(CLIENT, (1 << 32) - 1, root_item(b"\x01\x77\x01x", kind=8, root=b"meta", key=b"title"))
    ),
    "a GC of length 2^32-1, then an item": update(section(CLIENT, 0, gc((1 << 32) - 1), LETTER)),
    "a GC of length 2^31": update(section(CLIENT, 0, gc(1 << 31))),
    "a section without structs": bytes((1, 0, CLIENT, 0, 0)),
    "a client twice": update(section(CLIENT, 0, LETTER), section(CLIENT, 1, LETTER)),
    "a GC of no length": update(section(CLIENT, 0, gc(0))),
    "an empty string": update(section(CLIENT, 0, root_item(string(""), kind=4))),
    "a subdocument": update(section(CLIENT, 0, root_item(string("guid") + b"\x76\x00", kind=9))),
    "a skip": update(section(CLIENT, 0, b"\x0a\x05")),
    "a move": update(section(CLIENT, 0, root_item(b"\x00\x07\x00", kind=11))),
    "a weak link": update(section(CLIENT, 0, root_item(b"\x07\x00\x07\x00", kind=7))),
    "an unknown shared type": update(section(CLIENT, 0, root_item(b"\x63", kind=7))),
    "an item after itself": update(section(CLIENT, 0, item_after(CLIENT, 0, string("a"), kind=4))),
    "an item in a later one": update(section(CLIENT, 0, item_in(CLIENT, 3, string("a"), kind=4))),
    "two items that wait for each other": update(
        section(CLIENT, 0, item_after(8, 0, string("a"), kind=4)),
        section(8, 0, item_after(CLIENT, 0, string("b"), kind=4)),
    ),
    "more structs than bytes": varuint(1) + varuint(1 << 40) + varuint(CLIENT) + b"\x00" + LETTER + b"\x00",
    "more clients than bytes": varuint(1 << 50),
    "invalid UTF-8": update(section(CLIENT, 0, root_item(varbytes(b"\xff\xfe"), kind=4))),
    "broken JSON": update(section(CLIENT, 0, root_item(string("{"), kind=5))),
    "a root with control characters": update(section(CLIENT, 0, root_item(string("a"), kind=4, root=b"t\x00t"))),
    "a root with a long name": update(section(CLIENT, 0, root_item(string("a"), kind=4, root=b"t" * 65))),
    "too many roots": update(section(CLIENT, 0, *(root_item(string("a"), kind=4, root=b"r%d" % n) for n in range(17)))),
    "types nested too deep": nested_types(300),
    "a delete set of no range": update(section(CLIENT, 0, LETTER), deletes=b"\x01\x07\x00"),
    "a deleted range beyond 31 bits": update(
        section(CLIENT, 0, LETTER), deletes=b"\x01\x07\x01\x00" + varuint((1 << 32) - 1)
    ),
    "bytes after its end": update(section(CLIENT, 0, LETTER)) + b"\x00",
    "cut short": update(section(CLIENT, 0, LETTER))[:-3],
    "noise": bytes(range(256)),
}

FRAMES: dict[str, bytes | str] = {
    "an empty frame": b"",
    "text": "hello",
    "an unknown message": b"\x63\x00",
    "our own acknowledgement": b"\x64\x01\x01",
    "an unknown kind of sync": b"\x00\x07\x00",
    "a length of 100,000 continuation bytes": b"\x00\x02" + b"\xff" * 100_000,  # quadratic in a naive reader
    "an awareness length of 7,000 continuation bytes": b"\x01" + b"\xff" * 7_000,
    "a length above what follows": b"\x00\x02\x7f\x00",
    "bytes after its end": frame(Kind.UPDATE, b"\x00\x00") + b"\x00",
    "a state vector of more clients than bytes": frame(Kind.STEP_1, varuint(1 << 50)),
    "a state vector cut short": frame(Kind.STEP_1, b"\x02\x01"),
    "awareness cut short": frame(Kind.AWARENESS, b"\x05\x01"),
    "awareness of more clients than bytes": frame(Kind.AWARENESS, varuint(1 << 50)),
    **{f"an update with {name}": frame(Kind.UPDATE, data) for name, data in UPDATES.items()},
    "a sync step 2 with a value nested deeper than the stack": frame(
        Kind.STEP_2, UPDATES["a value nested deeper than the stack"]
    ),
}
