"""Which country a request comes from: by a header of a proxy of ours, or by its address in a MaxMind DB file.

With neither set, nobody tells, and no limit is by country.
"""

import logging
import re
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
    reader = _reader(settings.GEOIP_DATABASE)
    if reader is None:
        return ""
    try:
        found: Any = reader.get(address)
    except (ValueError, maxminddb.InvalidDatabaseError):  # no address, as of a local socket; a broken file
        return ""
    country = found.get("country") or found.get("registered_country") if isinstance(found, dict) else None
    code = str(country.get("iso_code", "")) if isinstance(country, dict) else ""
    return code if CODE.fullmatch(code) else ""


@cache
def _reader(path: str) -> "maxminddb.Reader | None":
    """Return the file, mapped into memory; None, once told of, where there is none. A newer one needs a restart."""
    if not path:
        return None
    try:
        return maxminddb.open_database(path, maxminddb.MODE_AUTO)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        logger.warning("countries.no_database", extra={"path": path, "error": type(error).__name__})
        return None
