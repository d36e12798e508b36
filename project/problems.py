"""Errors as people and programs see them: RFC 9457 problem JSON under `/api/`, a friendly page elsewhere."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from apps.core.errors import InterlineError, RateLimited

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"
CODES = {
    400: "invalid",
    401: "sign_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    422: "invalid",
    429: "rate_limited",
}
NOT_FOUND = "There is nothing here, or it is not shared with you."
INTERNAL = "Something went wrong on our side. Nothing you sent was changed by it; please try again."
TOO_MANY_REQUESTS = "That was too many requests in a minute. Try again shortly."
FORBIDDEN = "This is not allowed. If a page was open for long, reload it and try again."
DETAILS = {403: FORBIDDEN, 404: NOT_FOUND, 500: INTERNAL}
PROBLEM_JSON = "application/problem+json"


def problem(status: int, detail: str, *, code: str = "", **members: Any) -> HttpResponse:
    """Return an RFC 9457 answer. `code` is the stable name programs may rely on."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or CODES.get(status, "internal"),
        "detail": detail,
        **members,
    }
    return JsonResponse(body, status=status, content_type=PROBLEM_JSON)


def of_error(error: InterlineError) -> HttpResponse:
    """Return the problem of an error of ours."""
    members: dict[str, Any] = {} if error.retry_after is None else {"retry_after": error.retry_after}
    members |= error.details
    answer = problem(error.status, error.message, code=error.code, retryable=error.retryable, **members)
    if error.retry_after is not None:
        answer["Retry-After"] = str(ceil(error.retry_after))
    return answer


def _of_validation(error: ValidationError) -> HttpResponse:
    """Name each wrong field. What was sent is not repeated: it may be anything."""
    fields = [{"field": ".".join(str(part) for part in one["loc"][1:]), "problem": one["msg"]} for one in error.errors]
    named = "; ".join(f"{one['field'] or 'request'}: {one['problem']}" for one in fields)
    return problem(400, f"The request is not valid. {named}", errors=fields)


def _of_any(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    match error:
        case InterlineError():
            return of_error(error)
        case ValidationError():
            return _of_validation(error)
        case AuthenticationError():
            return problem(401, "Sign in first.")
        case Throttled():
            return of_error(RateLimited(TOO_MANY_REQUESTS, retry_after=error.wait))
        case HttpError():
            return problem(error.status_code, str(error))
        case Http404():
            return problem(404, NOT_FOUND)
        case RequestDataTooBig():
            return problem(413, "The request is too large.")
        case _:
            logger.error("http.failed", extra={"path": request.path}, exc_info=error)  # type: ignore[arg-type]
            return problem(500, INTERNAL)


def speak_problem_json(api: NinjaAPI) -> None:
    """Have `api` answer every error as problem JSON, without a traceback in any mode."""
    for kind in (ValidationError, HttpError, Http404, Exception):  # ninja has handlers of its own for these
        api.add_exception_handler(kind, _of_any)


class FriendlyErrors:
    """Middleware: problem JSON for every failed REST call; pages without Django's technical 404, also with DEBUG=1."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(API_PREFIX):
            return _as_problem(response)
        if response.status_code == HTTPStatus.NOT_FOUND and request.resolver_match is None:
            return page_not_found(request, Http404())
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not request.path.startswith(API_PREFIX):
            if isinstance(exception, InterlineError) and exception.status == HTTPStatus.NOT_FOUND:
                return page_not_found(request, Http404())
            if isinstance(exception, Http404):
                return page_not_found(request, exception)
        return None


def _as_problem(response: HttpResponse) -> HttpResponse:
    """Return a failed answer that no handler of ours made (no such path or method, CSRF) as a problem."""
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST or response["Content-Type"] == PROBLEM_JSON:
        return response
    translated = problem(status, DETAILS.get(status, HTTPStatus(status).description))
    if "Allow" in response:
        translated["Allow"] = response["Allow"]
    return translated
