"""Who is behind what happens now: the request being answered, carried to whoever writes about it."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from apps.core.addresses import request_address
from apps.core.ids import request_id

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


@dataclass(frozen=True)
class Origin:
    """`actor_id` is None for a stranger and for our own tasks; `address` is empty outside a request."""

    actor_id: UUID | None
    address: str
    request_id: str


def current_origin() -> Origin:
    request = current_request.get()
    if request is None:
        return Origin(None, "", request_id.get())
    user: Any = getattr(request, "user", None)
    actor_id = user.pk if user is not None and user.is_authenticated else None
    return Origin(actor_id, request_address(request), request_id.get())
