"""Who calls the REST interface: a browser by its session and CSRF token, a program by `Authorization: Bearer`."""

from collections.abc import Collection
from http import HTTPStatus

from django.http import HttpRequest
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
BROWSER_ONLY = (KeyAuth(reads=(), writes=()), SessionAuth())


def caller(request: HttpRequest) -> User:
    """Return who calls; one of the above stood in front."""
    assert isinstance(request.user, User)
    return request.user


def caller_key(request: HttpRequest) -> ApiKey | None:
    """Return the API key the call came with; None for a browser."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, ApiKey) else None
