"""The one door to addresses that somebody typed in: webhooks and the like. It leads to public addresses only.

The name is resolved once, every answer is checked, and the connection is made to the address that was checked, so that
a name cannot point elsewhere a moment later. Redirects are not followed. Networks of one's own: OUTGOING_NETWORKS.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in an IPv6 one
PORTS = {"http": 80, "https": 443}
USER_AGENT = "Interline"


class Refused(Exception):
    """The address is not one to call; the message says why."""


class Failed(Exception):
    """Nobody answered, or not in time."""


@dataclass(frozen=True)
class Answer:
    """`body`: at most OUTGOING_ANSWER_BYTES of it."""

    status: int
    body: bytes


def post_json(url: str, content: Any, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Send `content` as JSON. Raises Refused, Failed."""
    sent = {"Content-Type": "application/json", "User-Agent": USER_AGENT, **(headers or {})}
    return call("POST", url, json.dumps(content).encode(), sent)


def call(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """Make one request, within OUTGOING_SECONDS for all of it. Raises Refused, Failed."""
    parts = _parts(url)
    port = parts.port or PORTS[parts.scheme]
    address = checked_address(parts.hostname or "", port)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _connection(parts, address, port) as connection:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.read(settings.OUTGOING_ANSWER_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Failed(type(error).__name__) from None


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        named = parts.scheme in PORTS and parts.hostname and (parts.port or 1)
    except ValueError:
        named = None
    if not named:
        raise Refused("only http and https addresses with a host are called")
    if parts.username is not None or parts.password is not None:
        raise Refused("an address with a name or password in it is not called")
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise Refused("an address has no blanks or control characters")
    return parts


def checked_address(host: str, port: int) -> str:
    """Return the IP address to connect to for `host`. Raises Refused where any of its addresses is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Failed("the name is not known") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not may_call(ipaddress.ip_address(address.partition("%")[0])):
            raise Refused("the address is not a public one")
    return addresses[0]


def may_call(address: Address) -> bool:
    """Say whether `address` is public, or in one of OUTGOING_NETWORKS; an IPv4 address in an IPv6 one counts itself."""
    address = _inner(address) or address
    if any(address in ipaddress.ip_network(network) for network in settings.OUTGOING_NETWORKS):
        return True
    return address.is_global and not address.is_multicast


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


@contextmanager
def _connection(parts: SplitResult, address: str, port: int) -> Iterator[http.client.HTTPConnection]:
    """Connect to `address`, whatever the name says now, and cut the connection when the time is up."""
    seconds = settings.OUTGOING_SECONDS
    host = parts.hostname or ""
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=seconds)
    )

    def connect(_: Any, timeout: float, source: Any = None) -> socket.socket:
        return socket.create_connection((address, port), timeout, source)

    connection._create_connection = connect  # type: ignore[attr-defined]  # http.client's own place for it

    def cut() -> None:
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds, cut)
    clock.daemon = True
    clock.start()
    try:
        yield connection
    finally:
        clock.cancel()
        connection.close()
