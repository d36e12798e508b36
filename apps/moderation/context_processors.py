"""What every page may show of moderation."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.models import User
from apps.moderation.models import Notice


def notices(request: HttpRequest) -> dict[str, Any]:
    """Return what somebody has not said they have read; one query, where a page asks for it."""

    def unread() -> list[Notice]:
        user = getattr(request, "user", None)
        if not isinstance(user, User) or user.is_suspended:
            return []
        return list(Notice.objects.filter(user=user, read_at=None).select_related("case").order_by("pk"))

    return {"notices": SimpleLazyObject(unread)}
