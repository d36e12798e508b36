"""Which country a request comes from: by a header of a proxy of ours, or by its address in a MaxMind DB file.

With neither set, nobody tells, and no limit is by country.
"""

import logging
import math
import os
import re
import threading
import time
from functools import cache
from typing import Any

import maxminddb
from django.conf import settings
from django.http import HttpRequest

from apps.core.addresses import is_through_proxies, request_address, socket_address

logger = logging.getLogger(__name__)

UNKNOWN = "ZZ"  # of ISO 3166's user-assigned codes, as CLDR uses it
CODE = re.compile(r"[A-Z]{2}")


def are_told() -> bool:
    """Say whether this installation asks for countries at all."""
    return bool(settings.COUNTRY_HEADER or settings.GEOIP_DATABASE)


def request_country(request: HttpRequest) -> str:
    """Return the ISO 3166 code of a request's country, UNKNOWN where nobody tells."""
    header = settings.COUNTRY_HEADER
    told = request.headers.get(header, "") if header else ""
    return _country(told, request.headers.get("X-Forwarded-For", ""), request_address(request))


def socket_country(scope: Any) -> str:
    """As `request_country`, of an ASGI scope."""
    return _country(_named(scope, settings.COUNTRY_HEADER), _named(scope, "X-Forwarded-For"), socket_address(scope))


def _named(scope: Any, header: str) -> str:
    name = header.lower().encode()
    return b",".join(value for key, value in scope["headers"] if key == name).decode("latin-1")


def _country(told: str, forwarded: str, address: str) -> str:
    """What a header says is believed of a proxy of ours only: without one it is the client's own invention."""
    code = told.strip().upper()
    if CODE.fullmatch(code) and is_through_proxies(forwarded):
        return code
    return _by_address(address) or UNKNOWN


def _by_address(address: str) -> str:
    """A look-up takes some 10 µs."""
    reader = _file(settings.GEOIP_DATABASE).reader() if settings.GEOIP_DATABASE else None
    if reader is None:
        return ""
    try:
        found: Any = reader.get(address)
    except (ValueError, maxminddb.InvalidDatabaseError):  # no address, as of a local socket; a broken file
        return ""
    country = found.get("country") or found.get("registered_country") if isinstance(found, dict) else None
    code = str(country.get("iso_code", "")) if isinstance(country, dict) else ""
    return code if CODE.fullmatch(code) else ""


class _File:
    """A file in MaxMind's format, mapped into memory; another that was put in its place is opened in its stead.

    Put it there by renaming: a file that is written over is read while it is half of each.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._reader: maxminddb.Reader | None = None
        self._opened: tuple[int, ...] = ()  # what it was: inode, size and time of change
        self._checked_at = -math.inf
        self._checking = threading.Lock()

    def reader(self) -> "maxminddb.Reader | None":
        """Return the file; None where there is none. Looking whether it is another takes some 5 µs, now and then."""
        now = time.monotonic()
        if now - self._checked_at >= settings.GEOIP_CHECK_SECONDS and self._checking.acquire(blocking=False):
            try:
                self._checked_at = now
                self._check()
            finally:
                self._checking.release()
        return self._reader

    def _check(self) -> None:
        """Open the file where it is another than before. One that cannot be read is told of once; the last is kept."""
        found: tuple[int, ...] = (0,)
        try:
            status = os.stat(self._path)
            found = (status.st_ino, status.st_size, status.st_mtime_ns)
            if found != self._opened:
                self._reader = maxminddb.open_database(self._path, maxminddb.MODE_AUTO)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            if found != self._opened:
                logger.warning("countries.no_database", extra={"path": self._path, "error": type(error).__name__})
        self._opened = found


_file = cache(_File)
