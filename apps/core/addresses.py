"""Where a request comes from, as far as it can be believed."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def socket_address(scope: Any) -> str:
    """Return the address of an ASGI scope's client."""
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    return _believed((scope.get("client") or ("", 0))[0], forwarded.decode("latin-1"))


def request_address(request: HttpRequest) -> str:
    """Return the address of a request's client."""
    return _believed(request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""))


def is_through_proxies(forwarded: str) -> bool:
    """Say whether a request with this X-Forwarded-For came through all our proxies, so that they saw its headers."""
    hops: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    return hops > 0 and len(_named(forwarded)) >= hops


def _believed(peer: str, forwarded: str) -> str:
    """Return the client's address.

    Each of our TRUSTED_PROXY_COUNT proxies appends whom it heard from to X-Forwarded-For; what stands before that is
    the client's own invention.
    """
    if is_through_proxies(forwarded):
        return _named(forwarded)[-settings.ALLAUTH_TRUSTED_PROXY_COUNT]
    return peer or "unknown"


def _named(forwarded: str) -> list[str]:
    return [part.strip() for part in forwarded.split(",") if part.strip()]
