"""The pages of share links. The address with the token shows nothing that could carry it away, and is left at once.

Where a password is asked for, that is on a page whose address is no secret: the session remembers who had the token.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.models import User
from apps.core.addresses import request_address
from apps.core.errors import Conflict, InterlineError, NotFound, RateLimited
from apps.documents import links
from apps.documents.models import Role

SESSION_KEY = "links"  # the ids of those whose token this browser has shown
REMEMBERED_MAX = 20

View = Callable[..., HttpResponse]


def _closed_in_words(view: View) -> View:
    """Say in words why a link does not open, and tell nobody the address of these pages."""

    @wraps(view)
    def answer(request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
        try:
            response = view(request, *arguments, **named)
        except (NotFound, Conflict, RateLimited) as error:
            response = _over(request, error)
        response.setdefault("Referrer-Policy", "no-referrer")
        return response

    return answer


def _over(request: HttpRequest, error: InterlineError) -> HttpResponse:
    context = {"message": error.message, "is_too_often": isinstance(error, RateLimited), "notices": []}
    response = render(request, "documents/link_over.html", context, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(int(error.retry_after))
    return response


@require_GET
@never_cache
@_closed_in_words
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Lead into the document, by way of logging in and of the password where they are needed."""
    link = links.find_link(token, address=request_address(request))
    if not isinstance(request.user, User):
        after = urlencode({"next": request.path})
        return render(request, "documents/link.html", {"role": Role(link.role), "after": after})
    if links.asks_for_password(link, request.user):
        _remember(request, link.pk)
        return redirect("link_password", link.pk)
    links.enter(link, request.user)
    return redirect("document", link.document_id)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
@_closed_in_words
def ask_password(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Ask for the password of a link whose token this browser has shown."""
    assert isinstance(request.user, User)  # login_required stands in front
    if str(link_id) not in request.session.get(SESSION_KEY, []):
        raise NotFound(links.OVER)
    link, error = links.find_opened_link(link_id), ""
    if not links.asks_for_password(link, request.user):  # it did, when this browser came
        links.enter(link, request.user)
        return redirect("document", link.document_id)
    if request.method == "POST":
        try:
            given = request.POST.get("password", "")
            links.enter_with_password(link, request.user, given, address=request_address(request))
            return redirect("document", link.document_id)
        except links.WrongPassword as wrong:
            error = wrong.message
    status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    response = render(request, "documents/link_password.html", {"error": error}, status=status)
    # Without any referrer a browser sends `Origin: null` with the form, which nobody could tell from another site's.
    response["Referrer-Policy"] = "same-origin"
    return response


def _remember(request: HttpRequest, link_id: UUID) -> None:
    known = [one for one in request.session.get(SESSION_KEY, []) if one != str(link_id)]
    request.session[SESSION_KEY] = [*known, str(link_id)][-REMEMBERED_MAX:]
