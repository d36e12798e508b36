"""What every template knows."""

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.appearance import appearance_of


def appearance(request: HttpRequest) -> dict[str, str]:
    """`theme` is "light" or "dark", or empty where the system decides."""
    chosen = appearance_of(request)
    return {"theme": "" if chosen == "system" else chosen}


def mail(request: HttpRequest) -> dict[str, bool]:
    """`sends_mail` is false where mail is only printed: pages then must not promise any."""
    return {"sends_mail": bool(settings.EMAIL_URL)}
