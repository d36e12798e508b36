"""What every template knows about the person."""

from django.http import HttpRequest

from apps.accounts.appearance import appearance_of


def appearance(request: HttpRequest) -> dict[str, str]:
    """`theme` is "light" or "dark", or empty where the system decides."""
    chosen = appearance_of(request)
    return {"theme": "" if chosen == "system" else chosen}
