"""What is counted of HTTP requests, by route: the pattern, never the path."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core.metrics import histogram

NO_ROUTE = "none"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ANSWERED = histogram("http_request_seconds", "Until an answer begins.", "method", "route", "status")


def metrics_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        method = request.method if request.method in METHODS else "other"
        status = f"{response.status_code // 100}xx"
        ANSWERED.labels(method, match.route if match else NO_ROUTE, status).observe(time.perf_counter() - started)
        return response

    return middleware
