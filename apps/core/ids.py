"""Request ids, carried through web, generator and worker by a context variable."""

import re
import uuid
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def adopt_request_id(offered: str) -> str:
    """Return `offered` when it has the form of an id, else a new one. The outside must not write into our logs."""
    return offered if _ACCEPTED.fullmatch(offered) else uuid.uuid4().hex
