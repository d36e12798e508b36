"""Checks the structure of a Yjs update (v1) in plain Python, before pycrdt sees it.

Applying is no validation: some inputs below 100 bytes end the process or poison the document for good. What passes
here has only known kinds of content, sane integers, no gap to what the room holds and bounded nesting.

    update     = varuint sections, sections; delete set
    section    = varuint structs, client, clock of the first; structs
    delete set = varuint clients; each: client, varuint ranges; each: clock, length

Source of the format: yjs/src/utils/encoding.js, structs/Item.js and structs/Content*.js; lib0's encoding.js for Any.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from apps.collaboration.frames import BadFrame, read_varuint, varuint

CLOCK_LIMIT = 1 << 31  # yrs computes clocks in 32 bits; beyond, they wrap and it crashes
CLIENT_LIMIT = 1 << 53  # lib0's largest integer
VALUE_DEPTH_LIMIT = 32  # of JSON and Any; decoding crashes at about 26,600
ROOT_NAME_MAX_BYTES = 64
ROOTS_MAX = 16  # named in one update

HAS_ORIGIN, HAS_RIGHT_ORIGIN, HAS_KEY = 0x80, 0x40, 0x20
GC = 0
XML_ELEMENT = 3
TYPES = {0, 1, 2, XML_ELEMENT, 4, 6}  # array, map, text, XML element, XML fragment, XML text; no hooks, no weak links

STRING = 4
FOUR_BYTES = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")  # UTF-8 of a character that is a surrogate pair in UTF-16

Id = tuple[int, int]  # client, clock
Ranges = dict[int, list[tuple[int, int]]]  # per client, from a clock to before another
Pairs = dict[int, set[int]]  # per client, the clocks of second halves of surrogate pairs


class BadUpdate(Exception):
    """The bytes are no update a Yjs client of ours could have made; the message says which rule they break."""


class Gap(Exception):
    """The update builds on something that is not known here yet."""


class Nesting:
    """How deep in shared types the items of a document lie: runs of equal depth per client, an upper bound.

    Items from before the room was loaded count with `base`. A root's own items have depth 0.
    """

    def __init__(self, base: int = 0) -> None:
        self.base = base
        self._runs: dict[int, tuple[list[int], list[int]]] = {}

    def at(self, client: int, clock: int) -> int:
        runs = self._runs.get(client)
        if runs is None:
            return self.base
        index = bisect_right(runs[0], clock)
        return runs[1][index - 1] if index else self.base

    def note(self, client: int, clock: int, depth: int) -> None:
        """Say that the items of `client` from `clock` onwards have `depth`. Clocks of a client only grow."""
        starts, depths = self._runs.setdefault(client, ([], []))
        if not depths or depths[-1] != depth:
            depths.append(depth)  # first: a check in a thread finds a depth for every start
            starts.append(clock)

    def covers(self, client: int, clock: int) -> bool:
        runs = self._runs.get(client)
        return runs is not None and clock >= runs[0][0]

    def adopt(self, newer: "Nesting") -> None:
        for client, (starts, depths) in newer._runs.items():
            for clock, depth in zip(starts, depths, strict=True):
                self.note(client, clock, depth)


@dataclass
class Checked:
    """What an update that passed would change. `ends`: the clocks after it; `deepest`: of its new items."""

    ends: dict[int, int]
    has_new_structs: bool
    has_deletes: bool
    nesting: Nesting
    deepest: int
    pairs: Pairs


@dataclass
class Known:
    """What a room knows of its document's structure. `clocks`: after each client's last struct."""

    clocks: dict[int, int] = field(default_factory=dict)
    nesting: Nesting = field(default_factory=Nesting)
    pairs: Pairs = field(default_factory=dict)

    def adopt(self, checked: Checked) -> None:
        self.clocks.update(checked.ends)
        self.nesting.adopt(checked.nesting)
        self.adopt_pairs(checked.pairs)

    def adopt_pairs(self, pairs: Pairs) -> None:
        for client, clocks in pairs.items():
            self.pairs.setdefault(client, set()).update(clocks)


@dataclass(slots=True)
class _Section:
    """The structs of one client: (clock, clock after, origin, right origin, parent type)."""

    client: int
    structs: list[tuple[int, int, Id | None, Id | None, Id | None]] = field(default_factory=list)
    resolved: int = 0


def check(update: bytes, known: Known, *, nesting_limit: int) -> Checked:
    """Return what `update` would change in a document of which we know `known`. Changes nothing.

    Raises BadUpdate, and Gap when it builds on structs that are not known. About 8 µs per keystroke.
    """
    try:
        sections, pairs, at = _read_sections(update)
        deletes, at = _read_delete_set(update, at)
    except (IndexError, BadFrame, UnicodeDecodeError, RecursionError) as error:
        raise BadUpdate(f"it cannot be read: {type(error).__name__}") from None
    if at != len(update):
        raise BadUpdate("bytes after its end")
    checked = _resolve(sections, known, nesting_limit)
    checked.pairs = pairs
    checked.has_deletes = bool(deletes)
    for client, ranges in deletes.items():
        if max(end for _, end in ranges) > checked.ends.get(client, known.clocks.get(client, 0)):
            raise Gap("it deletes what is not known")
    if pairs or known.pairs:
        _refuse_split_pairs(sections, deletes, pairs, known)
    return checked


def measure_nesting(state: bytes) -> int:
    """Return how deep shared types lie inside each other in a whole document's `state` of our own encoding."""
    sections, _, _ = _read_sections(state)
    return _resolve(sections, Known(), CLOCK_LIMIT).deepest


def read_strings(update: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield the texts an update that was checked before inserts: client, clock of the first letter, text."""
    sections, at = read_varuint(update, 0)
    for _ in range(sections):
        structs, at = read_varuint(update, at)
        client, at = read_varuint(update, at)
        clock, at = read_varuint(update, at)
        for _ in range(structs):
            start = at
            at, end, *_ = _read_struct(update, at, clock, set())
            if update[start] & 0x1F == STRING:
                yield client, clock, _last_text(update, at, end - clock)
            clock = end


def _last_text(data: bytes, end: int, units: int) -> str:
    """Return the text of so many units of UTF-16 that ends at byte `end`."""
    at = end
    while units > 0:
        at -= 1
        if data[at] & 0xC0 != 0x80:
            units -= 2 if data[at] >= 0xF0 else 1
    return data[at:end].decode()


def read_deleted(state: bytes) -> Ranges:
    """Return what is deleted in a whole document's `state` of our own encoding."""
    _, _, at = _read_sections(state)
    deleted, _ = _read_delete_set(state, at)
    return {client: sorted(ranges) for client, ranges in deleted.items()}


def covers(ranges: Ranges, client: int, clock: int) -> bool:
    """Whether `ranges`, sorted and apart, hold this clock."""
    of_client = ranges.get(client, [])
    index = bisect_right(of_client, (clock, CLOCK_LIMIT)) - 1
    return index >= 0 and clock < of_client[index][1]


def find_pairs(update: bytes) -> Pairs:
    """Return where surrogate pairs are in an update that was checked before. Mostly there is nothing to read."""
    return _read_sections(update)[1] if FOUR_BYTES.search(update) else {}


def pack_pairs(pairs: Pairs) -> bytes:
    """Return `pairs` as bytes for the database; `unpack_pairs` reads them."""
    return b"".join(
        varuint(client) + varuint(len(clocks)) + b"".join(map(varuint, sorted(clocks)))
        for client, clocks in pairs.items()
    )


def unpack_pairs(packed: bytes) -> Pairs:
    """Return what `pack_pairs` packed."""
    pairs: Pairs = {}
    at = 0
    while at < len(packed):
        client, at = read_varuint(packed, at)
        count, at = read_varuint(packed, at)
        pairs[client] = set()
        for _ in range(count):
            clock, at = read_varuint(packed, at)
            pairs[client].add(clock)
    return pairs


def _read_sections(data: bytes) -> tuple[list[_Section], Pairs, int]:
    count, at = read_varuint(data, 0)
    _bound(count, data, at)
    sections: list[_Section] = []
    clients: set[int] = set()
    roots: set[bytes] = set()
    pairs: Pairs = {}
    for _ in range(count):
        structs, at = read_varuint(data, at)
        client, at = read_varuint(data, at)
        clock, at = read_varuint(data, at)
        if not structs or client in clients or client >= CLIENT_LIMIT:
            raise BadUpdate("a section is empty, repeated or of an impossible client")
        _bound(structs, data, at)
        clients.add(client)
        section = _Section(client)
        for _ in range(structs):
            start = at
            at, end, origin, right, parent = _read_struct(data, at, clock, roots)
            if data[start] & 0x1F == STRING and FOUR_BYTES.search(data, start, at):
                _note_pairs(data, at, clock, end, pairs.setdefault(client, set()))
            for reference in (origin, right, parent):
                if reference and reference[0] == client and reference[1] >= clock:
                    raise BadUpdate("a struct refers to itself or to a later one")
            section.structs.append((clock, end, origin, right, parent))
            clock = end
        sections.append(section)
    return sections, pairs, at


def _note_pairs(data: bytes, at: int, clock: int, end: int, clocks: set[int]) -> None:
    """Add the clocks of second halves of surrogate pairs in the string that ends at byte `at` and clock `end`."""
    while end > clock:
        at -= 1
        if data[at] & 0xC0 == 0x80:
            continue  # inside a character
        end -= 1
        if data[at] >= 0xF0:
            clocks.add(end)
            end -= 1


def _bound(count: int, data: bytes, at: int) -> None:
    if count > len(data) - at:
        raise BadUpdate("a count is above the bytes left")


def _read_struct(
    data: bytes, at: int, clock: int, roots: set[bytes]
) -> tuple[int, int, Id | None, Id | None, Id | None]:
    info = data[at]
    at += 1
    origin = right = parent = None
    if info == GC:
        length, at = read_varuint(data, at)
    else:
        read_content = _CONTENTS.get(info & 0x1F)
        if read_content is None:
            raise BadUpdate(f"content of kind {info & 0x1F}")
        if info & HAS_ORIGIN:
            origin, at = _read_id(data, at)
        if info & HAS_RIGHT_ORIGIN:
            right, at = _read_id(data, at)
        if not info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN):
            parent, at = _read_parent(data, at, roots)
            if info & HAS_KEY:
                at = _skip_text(data, at)
        length, at = read_content(data, at)
    end = clock + length
    if not length or end >= CLOCK_LIMIT:
        raise BadUpdate("a struct is empty or its clock too large")
    return at, end, origin, right, parent


def _read_id(data: bytes, at: int) -> tuple[Id, int]:
    client, at = read_varuint(data, at)
    clock, at = read_varuint(data, at)
    if clock >= CLOCK_LIMIT:
        raise BadUpdate("an origin's clock is too large")
    return (client, clock), at


def _read_parent(data: bytes, at: int, roots: set[bytes]) -> tuple[Id | None, int]:
    is_root, at = read_varuint(data, at)
    if is_root != 1:
        return _read_id(data, at)
    start = at
    at = _skip_text(data, at)
    name = data[start + 1 : at]
    if len(name) > ROOT_NAME_MAX_BYTES or any(character < " " or character == "\x7f" for character in name.decode()):
        raise BadUpdate("a root's name is too long or has control characters")
    roots.add(name)
    if len(roots) > ROOTS_MAX:
        raise BadUpdate("too many roots")
    return None, at


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    length, at = read_varuint(data, at)
    end = at + length
    if end > len(data):
        raise BadUpdate("fewer bytes than announced")
    return data[at:end].decode(), end


def _skip_text(data: bytes, at: int) -> int:
    return _read_text(data, at)[1]


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    return read_varuint(data, at)


def _read_string(data: bytes, at: int) -> tuple[int, int]:
    text, at = _read_text(data, at)
    return (len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2), at


def _read_json(data: bytes, at: int) -> tuple[int, int]:
    text, at = _read_text(data, at)
    if text not in ("null", "true", "false", "{}"):
        try:
            value = json.loads(text)
        except ValueError:
            raise BadUpdate("broken JSON") from None
        _check_depth(value)
    return 1, at


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(VALUE_DEPTH_LIMIT + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise BadUpdate("JSON nested too deep")


def _read_format(data: bytes, at: int) -> tuple[int, int]:
    return _read_json(data, _skip_text(data, at))


def _read_type(data: bytes, at: int) -> tuple[int, int]:
    kind, at = read_varuint(data, at)
    if kind not in TYPES:
        raise BadUpdate(f"a shared type of kind {kind}")
    if kind == XML_ELEMENT:
        at = _skip_text(data, at)
    return 1, at


def _read_anys(data: bytes, at: int) -> tuple[int, int]:
    count, at = read_varuint(data, at)
    _bound(count, data, at)
    for _ in range(count):
        at = _skip_any(data, at, 0)
    return count, at


_ANY_SIZES = {127: 0, 126: 0, 124: 4, 123: 8, 122: 8, 121: 0, 120: 0}  # undefined, null, floats, bigint, booleans


def _skip_any(data: bytes, at: int, depth: int) -> int:
    kind = data[at]
    at += 1
    size = _ANY_SIZES.get(kind)
    if size is None:
        if kind == 119:
            return _skip_text(data, at)
        if kind == 125:
            return read_varuint(data, at)[1]  # the sign is one more bit of the first byte: the length is read alike
        size, at = read_varuint(data, at)
        _bound(size, data, at)
        if kind in (118, 117):
            if depth == VALUE_DEPTH_LIMIT:
                raise BadUpdate("a value nested too deep")
            for _ in range(size):
                if kind == 118:
                    at = _skip_text(data, at)
                at = _skip_any(data, at, depth + 1)
            return at
        if kind != 116:
            raise BadUpdate(f"a value of kind {kind}")
    if at + size > len(data):
        raise BadUpdate("fewer bytes than announced")
    return at + size


_CONTENTS: dict[int, Callable[[bytes, int], tuple[int, int]]] = {
    1: _read_length,  # deleted
    STRING: _read_string,
    5: _read_json,  # embed
    6: _read_format,
    7: _read_type,
    8: _read_anys,
}


def _read_delete_set(data: bytes, at: int) -> tuple[dict[int, list[tuple[int, int]]], int]:
    """Return {client: deleted ranges, each from a clock to before another} and where the set ends."""
    count, at = read_varuint(data, at)
    _bound(count, data, at)
    deletes: dict[int, list[tuple[int, int]]] = {}
    for _ in range(count):
        client, at = read_varuint(data, at)
        ranges, at = read_varuint(data, at)
        _bound(ranges, data, at)
        if client in deletes or not ranges:
            raise BadUpdate("a client is twice in the delete set, or has no range")
        deletes[client] = []
        for _ in range(ranges):
            clock, at = read_varuint(data, at)
            length, at = read_varuint(data, at)
            end = clock + length
            if not length or end >= CLOCK_LIMIT:
                raise BadUpdate("a deleted range is empty or too large")
            deletes[client].append((clock, end))
    return deletes, at


def _resolve(sections: list[_Section], known: Known, nesting_limit: int) -> Checked:
    """Follow the references of all structs in an order in which each comes after what it refers to.

    A section that has to wait for another client's struct is put aside under that client until it has come.
    """
    for section in sections:
        if section.structs[0][0] > known.clocks.get(section.client, 0):
            raise Gap("a section starts after what is known")
    reached = {section.client: known.clocks.get(section.client, 0) for section in sections}
    result = Checked(reached, False, False, Nesting(known.nesting.base), 0, {})
    waiting: dict[int, list[tuple[int, int]]] = {}  # client -> heap of (clock it has to pass, index of a section)
    ready = list(range(len(sections)))
    while ready:
        index = ready.pop()
        section = sections[index]
        missing = _resolve_section(section, known, result)
        if result.deepest > nesting_limit:
            raise BadUpdate("shared types nested too deep")
        if missing:
            heappush(waiting.setdefault(missing[0], []), (missing[1], index))
        woken = waiting.get(section.client)
        while woken and woken[0][0] < reached[section.client]:
            ready.append(heappop(woken)[1])
    if any(waiting.values()):
        _refuse_unfinished(sections, waiting)
    return result


def _resolve_section(section: _Section, known: Known, result: Checked) -> Id | None:
    """Go on with a section as far as possible; return what it waits for."""
    reached = result.ends
    while section.resolved < len(section.structs):
        clock, end, origin, right, parent = section.structs[section.resolved]
        missing = _missing((origin, right, parent), reached, known.clocks)
        if missing:
            return missing
        if end > reached[section.client]:
            _note(section.client, clock, end, (origin, right, parent), known.nesting, result)
            reached[section.client] = end
        section.resolved += 1
    return None


def _missing(references: tuple[Id | None, ...], reached: dict[int, int], known: dict[int, int]) -> Id | None:
    for reference in references:
        if reference:
            client, clock = reference
            if clock >= reached.get(client, -1) and clock >= known.get(client, 0):
                return reference
    return None


def _note(
    client: int,
    clock: int,
    end: int,
    references: tuple[Id | None, Id | None, Id | None],
    nesting: Nesting,
    result: Checked,
) -> None:
    """Record the depth of a new struct; of one that is partly known, that of the part before it."""
    seen = result.ends[client]
    origin, right, parent = references
    newer = result.nesting

    def depth_at(reference: Id) -> int:
        return (newer if newer.covers(*reference) else nesting).at(*reference)

    if clock < seen:
        depth = depth_at((client, seen - 1))
    elif parent:
        depth = depth_at(parent) + 1
    else:
        depth = max((depth_at(reference) for reference in (origin, right) if reference), default=0)
    newer.note(client, max(clock, seen), depth)
    result.has_new_structs = True
    result.deepest = max(result.deepest, depth)


def _refuse_split_pairs(
    sections: list[_Section], deletes: dict[int, list[tuple[int, int]]], pairs: Pairs, known: Known
) -> None:
    """Refuse to cut a character of two UTF-16 units in the middle.

    yrs counts the halves wrongly: 5 bytes that delete half an emoji lose text and leave a state nobody can load.
    """

    def is_cut(client: int, clock: int) -> bool:
        return clock in pairs.get(client, ()) or clock in known.pairs.get(client, ())

    cuts = [(client, clock) for client, ranges in deletes.items() for bounds in ranges for clock in bounds]
    for section in sections:
        cuts.append((section.client, known.clocks.get(section.client, 0)))  # what is known is cut off
        for _, _, origin, right, _ in section.structs:
            if origin:
                cuts.append((origin[0], origin[1] + 1))
            if right:
                cuts.append(right)
    if any(is_cut(client, clock) for client, clock in cuts):
        raise BadUpdate("it cuts a character in half")


def _refuse_unfinished(sections: list[_Section], waiting: dict[int, list[tuple[int, int]]]) -> None:
    ends = {section.client: section.structs[-1][1] for section in sections}
    for client, heap in waiting.items():
        if any(clock >= ends.get(client, 0) for clock, _ in heap):
            raise Gap("it builds on what is not known")
    raise BadUpdate("its structs wait for each other")
