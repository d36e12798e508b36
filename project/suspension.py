"""Middleware: a suspended person's session reaches why they are, their own data and the way out, and nothing else."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.suspension import SUSPENDED, Suspended
from project.problems import API_PREFIX, of_error

OPEN_VIEWS = {"suspended", "set_appearance", "personal_data", "erase_account"}
OPEN_PREFIXES = ("account_", "mfa_")  # log-out, and the password that one's own data is asked for with


class SuspensionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        if "Authorization" in request.headers and request.path.startswith(API_PREFIX):
            return None  # the key decides alone: `apps.accounts.authentication`
        view = (request.resolver_match.view_name if request.resolver_match else "") or ""
        if not getattr(request.user, "is_suspended", False):
            return None
        if request.path.startswith(API_PREFIX):
            return of_error(Suspended(SUSPENDED))
        if view in OPEN_VIEWS or view.startswith(OPEN_PREFIXES):
            return None
        return redirect("suspended")
