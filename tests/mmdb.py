"""Writes small files in MaxMind's format (https://maxmind.github.io/MaxMind-DB/), which its library only reads."""

import ipaddress
from pathlib import Path

MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = bytes(16)  # between tree and data
RECORD_BITS = 24
STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11
EXTENDED = 8  # types from here on have a byte of their own

Tree = list[list[int | None]]


def write_countries(path: Path, countries: dict[str, str]) -> Path:
    """Write a database of IPv4 networks and the ISO codes of their countries."""
    data = b""
    tree: Tree = [[None, None]]
    places: list[tuple[list[int | None], int, int]] = []
    for network, code in countries.items():
        node, bit = _leaf(tree, ipaddress.IPv4Network(network))
        places.append((node, bit, len(data)))
        data += _map({"country": _map({"iso_code": _string(code)})})
    for node, bit, offset in places:
        node[bit] = len(tree) + len(SEPARATOR) + offset
    records = b"".join(
        (len(tree) if record is None else record).to_bytes(RECORD_BITS // 8, "big") for node in tree for record in node
    )
    path.write_bytes(records + SEPARATOR + data + MARKER + _metadata(len(tree)))
    return path


def _leaf(tree: Tree, network: ipaddress.IPv4Network) -> tuple[list[int | None], int]:
    """Return the node of the tree, and which of its two records, that stands for `network`."""
    bits = f"{int(network.network_address):032b}"[: network.prefixlen]
    node = tree[0]
    for bit in map(int, bits[:-1]):
        following = node[bit]
        if following is None:
            tree.append([None, None])
            following = node[bit] = len(tree) - 1
        node = tree[following]
    return node, int(bits[-1])


def _metadata(nodes: int) -> bytes:
    return _map(
        {
            "node_count": _number(UINT32, nodes),
            "record_size": _number(UINT16, RECORD_BITS),
            "ip_version": _number(UINT16, 4),
            "database_type": _string("Test-Country"),
            "languages": _control(ARRAY, 0),
            "binary_format_major_version": _number(UINT16, 2),
            "binary_format_minor_version": _number(UINT16, 0),
            "build_epoch": _number(UINT64, 1),
            "description": _map({}),
        }
    )


def _control(kind: int, size: int) -> bytes:
    if kind >= EXTENDED:
        return bytes([size, kind - EXTENDED + 1])
    return bytes([kind << 5 | size])


def _string(text: str) -> bytes:
    return _control(STRING, len(text)) + text.encode()


def _number(kind: int, value: int) -> bytes:
    encoded = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return _control(kind, len(encoded)) + encoded


def _map(entries: dict[str, bytes]) -> bytes:
    return _control(MAP, len(entries)) + b"".join(_string(name) + value for name, value in entries.items())
