"""REST: API keys, and tokens for sockets."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from apps.accounts import api_keys
from apps.accounts.authentication import ANY_SCOPE, BROWSER_ONLY, caller, caller_key
from apps.accounts.models import ApiKey, Scope
from apps.accounts.tokens import make_token
from apps.core.errors import Conflict
from apps.core.paging import PAGED, PageFilter, page_of
from apps.core.problems import refused_with

router = Router(tags=["programs"])

SCOPES_MAX = len(Scope)


class Input(Schema):
    model_config = ConfigDict(extra="forbid")


class KeyInput(Input):
    """`expires_at`: null for a key that stays valid until it is revoked."""

    name: Annotated[str, Field(min_length=1, max_length=api_keys.NAME_MAX_CHARACTERS)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=SCOPES_MAX)]
    expires_at: datetime | None = None


class RotateInput(Input):
    """How long the old key stays valid beside the new one."""

    overlap_hours: Annotated[float, Field(ge=0, le=settings.API_KEY_OVERLAP_MAX_HOURS)] = 24.0


class KeyOutput(Schema):
    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    replaced_by: UUID | None


class NewKeyOutput(KeyOutput):
    """`key` is shown this once."""

    key: str


class TokenInput(Input):
    """`document`: bind the token to one document."""

    document: UUID | None = None


class TokenOutput(Schema):
    token: str
    expires_at: datetime


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "name": key.name,
        "prefix": f"{api_keys.MARK}_{key.prefix}",
        "scopes": key.scopes,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "replaced_by": key.replaced_by_id,
    }


@router.get("/api-keys/", auth=BROWSER_ONLY, response=list[KeyOutput], openapi_extra=PAGED)
def list_keys(request: HttpRequest, response: HttpResponse, filters: Query[PageFilter]) -> Any:
    """Those that are not revoked, newest first."""
    return [_key(key) for key in page_of(api_keys.list_keys(caller(request)), filters, request, response)]


@router.post("/api-keys/", auth=BROWSER_ONLY, response={201: NewKeyOutput, **refused_with(Conflict)})
def create_key(request: HttpRequest, body: KeyInput) -> Any:
    key, text = api_keys.create_key(
        caller(request), name=body.name, scopes=[scope.value for scope in body.scopes], expires_at=body.expires_at
    )
    return Status(201, {**_key(key), "key": text})


@router.post(
    "/api-keys/{uuid:key_id}/rotate", auth=BROWSER_ONLY, response={201: NewKeyOutput, **refused_with(Conflict)}
)
def rotate_key(request: HttpRequest, key_id: UUID, body: RotateInput) -> Any:
    """Answers with the new key; the old one ends after the overlap."""
    key, text = api_keys.rotate_key(caller(request), key_id, overlap=timedelta(hours=body.overlap_hours))
    return Status(201, {**_key(key), "key": text})


@router.delete("/api-keys/{uuid:key_id}/", auth=BROWSER_ONLY, response={204: None})
def revoke_key(request: HttpRequest, key_id: UUID) -> Any:
    """Ends it at once, on open sockets too."""
    api_keys.revoke_key(caller(request), key_id)
    return Status(204, None)


@router.post("/tokens", auth=ANY_SCOPE, response={201: TokenOutput})
def create_token(request: HttpRequest, body: TokenInput = TokenInput()) -> Any:  # noqa: B008  (never changed)
    """A token for sockets, with the scopes of the key it is asked with. It does not say whether a document exists."""
    token, expires_at = make_token(caller(request), key=caller_key(request), document_id=body.document)
    return Status(201, {"token": token, "expires_at": expires_at})
