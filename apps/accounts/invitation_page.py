"""The page that the link of an invitation opens, to a document and to a team."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.models import User
from apps.core.errors import NotFound

T = TypeVar("T")


def invitation_page(
    request: HttpRequest, template: str, find: Callable[[str], T], accept: Callable[[T, User], HttpResponse]
) -> HttpResponse:
    """Show an invitation to whoever holds its link, and let a signed-in person accept it.

    `find` takes the link's token, `accept` answers with where to go. Both raise NotFound for what is over.
    """
    after = urlencode({"next": request.get_full_path()})
    try:
        found = find(request.GET.get("token", ""))
        if request.method == "GET":
            return render(request, template, {"invitation": found, "after": after})
        if not isinstance(request.user, User):
            return redirect(f"{reverse('account_login')}?{after}")
        return accept(found, request.user)
    except NotFound as error:
        return render(request, "accounts/invitation_over.html", {"message": error.message}, status=404)
