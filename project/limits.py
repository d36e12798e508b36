"""REST's rate limits, and how its answers tell of them.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` has the limits (`q` requests in `w`
seconds) and `RateLimit` what is left (`r`) and the seconds until there is more (`t`), both by who is counted.
"""

from collections.abc import Callable
from http import HTTPStatus
from math import ceil
from threading import local

from django.http import HttpRequest, HttpResponse
from ninja.throttling import BaseThrottle

from apps.accounts.authentication import caller, caller_key
from apps.core.addresses import request_address
from apps.core.countries import request_country
from apps.core.errors import RateLimited
from apps.quotas.rates import WINDOW_MS
from apps.quotas.requests import Caller, Counted, count_request
from project.problems import API_PREFIX, TOO_MANY_REQUESTS, of_error

WINDOW_SECONDS = WINDOW_MS // 1000
RETRY_AFTER_SECONDS = 5  # where a refusal does not know better
ATTRIBUTE = "_counted"


class RequestLimits(BaseThrottle):
    """Counts each request once it is known whose it is. ninja asks `wait` after `allow_request`, in the same thread."""

    def __init__(self) -> None:
        self._thread = local()

    def allow_request(self, request: HttpRequest) -> bool:
        key = caller_key(request)
        counted = _count(request, Caller(caller(request).pk, key.pk if key else None, *_origin(request)))
        self._thread.wait = counted.retry_after
        return not counted.refused

    def wait(self) -> float | None:
        wait: float = self._thread.wait
        return wait


def tell_limits(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the headers of rate limits on what REST answers, and `Retry-After` on every refusal that passes.

    What was answered before it was known who asks counts for the address: guessing keys is bounded too.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith(API_PREFIX):
            response = _told(request, response)
        if response.status_code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            response.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
        return response

    return middleware


def _told(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    counted: Counted | None = getattr(request, ATTRIBUTE, None)
    if counted is None:
        counted = _count(request, Caller(None, None, *_origin(request)))
        if counted.refused:
            response = of_error(RateLimited(TOO_MANY_REQUESTS, retry_after=counted.retry_after))
    # An address and a country are shared with others: only who is not known hears of theirs.
    known = [one for one in counted.standings if one.holder in ("key", "person")]
    shown = known or [one for one in counted.standings if one.holder == "address"]
    if shown:
        response["RateLimit-Policy"] = ", ".join(f'"{one.holder}";q={one.limit};w={WINDOW_SECONDS}' for one in shown)
        response["RateLimit"] = ", ".join(f'"{one.holder}";r={one.left};t={ceil(one.seconds)}' for one in shown)
    return response


def _count(request: HttpRequest, who: Caller) -> Counted:
    counted = count_request(who)
    setattr(request, ATTRIBUTE, counted)
    return counted


def _origin(request: HttpRequest) -> tuple[str, str]:
    return request_address(request), request_country(request)
