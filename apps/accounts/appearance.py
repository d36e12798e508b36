"""Light or dark: kept in the account, and in a cookie for people without one.

Not in local storage: the server has to know it before the first paint, and a strict content security policy
leaves no inline script that could.
"""

from django.http import HttpRequest, HttpResponse

from apps.accounts.models import Appearance

COOKIE = "appearance"
COOKIE_MAX_AGE_SECONDS = 365 * 24 * 3600


def appearance_of(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return str(user.appearance)
    kept = request.COOKIES.get(COOKIE, "")
    return kept if kept in Appearance.values else Appearance.SYSTEM


def keep_appearance(response: HttpResponse, appearance: str) -> None:
    response.set_cookie(COOKIE, appearance, max_age=COOKIE_MAX_AGE_SECONDS, samesite="Lax", httponly=True)
