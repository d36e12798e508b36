"""Who calls the REST interface: a browser by its session and CSRF token, a program by `Authorization: Bearer`."""

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer, SessionAuth

from apps.accounts.api_keys import find_key
from apps.accounts.models import ApiKey, Scope, User
from apps.accounts.suspension import refuse_suspended
from apps.core.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyAuth(HttpBearer):
    """An API key with one of the scopes that the request needs: of `reads` for GET, of `writes` for anything else."""

    def __init__(self, *, reads: Collection[str], writes: Collection[str]) -> None:
        super().__init__()
        self._reads = reads
        self._writes = writes

    def __call__(self, request: HttpRequest) -> ApiKey | None:
        """As ninja's; but a header that is there decides alone: a bad key does not fall back to a cookie."""
        if self.header not in request.headers:
            return None
        scheme, _, text = request.headers[self.header].partition(" ")
        return self.authenticate(request, text.strip() if scheme.lower() == self.openapi_scheme else "")

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = find_key(token)
        if key is None:
            raise AuthenticationError(HTTPStatus.UNAUTHORIZED, "The API key is not valid.")
        needed = self._reads if request.method in SAFE_METHODS else self._writes
        if not needed:
            raise Forbidden("API keys cannot do this; sign in in a browser.")
        if not set(needed) & set(key.scopes):
            raise Forbidden(f"This key lacks the scope {' or '.join(needed)}.")
        refuse_suspended(key.user)
        request.user = key.user
        return key


READS = (Scope.DOCUMENTS_READ.value,)
DOCUMENTS = (KeyAuth(reads=READS, writes=(Scope.DOCUMENTS_WRITE.value,)), SessionAuth())
ASSISTANT = (KeyAuth(reads=READS, writes=(Scope.ASSISTANT.value,)), SessionAuth())
ANY_SCOPE = (KeyAuth(reads=Scope.values, writes=Scope.values), SessionAuth())
ANALYTICS = (KeyAuth(reads=(Scope.ANALYTICS_READ.value,), writes=()), SessionAuth())
BROWSER_ONLY = (KeyAuth(reads=(), writes=()), SessionAuth())


def caller(request: HttpRequest) -> User:
    """Return who calls; one of the above stood in front."""
    assert isinstance(request.user, User)
    return request.user


@dataclass(frozen=True)
class Entry:
    """What somebody came with: an API key, or the session of a browser."""

    user_id: UUID
    key_id: UUID | None
    session_key: str = ""


def entry_of(request: HttpRequest) -> Entry:
    """Return what the call came with."""
    key = caller_key(request)
    return Entry(caller(request).pk, key.pk if key else None, "" if key else request.session.session_key or "")


def still_in(entry: Entry) -> User | None:
    """Return who came in so, as of now; None where the key or the session does not let them in any more."""
    if entry.key_id is not None:
        key = ApiKey.objects.select_related("user").filter(pk=entry.key_id).first()
        user: Any = key.user if key is not None and key.is_valid(timezone.now()) else None
    else:
        again = HttpRequest()
        again.session = import_module(settings.SESSION_ENGINE).SessionStore(entry.session_key)
        user = get_user(again)
    found = isinstance(user, User) and user.is_active and not user.is_suspended and user.pk == entry.user_id
    return user if found else None


def caller_key(request: HttpRequest) -> ApiKey | None:
    """Return the API key the call came with; None for a browser."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, ApiKey) else None
