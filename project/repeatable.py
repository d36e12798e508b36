"""Which REST requests may be sent again with an `Idempotency-Key`, and how they are answered then."""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.operation import Operation

from apps.accounts.authentication import caller
from apps.accounts.idempotency import HEADER, fingerprint, keep, once, read_key
from apps.accounts.models import KeptAnswer

REPLAYED = "Idempotency-Replayed"
SECRETS = ("api-keys/", "tokens")  # their answers have a secret, which is not to be kept


def may_be_repeated(method: str, path: str) -> bool:
    """Say whether a route, with its path below the interface's root, keeps its answers for who sends it again."""
    return method == "POST" and not path.lstrip("/").startswith(SECRETS)


def keep_answers(api: NinjaAPI) -> None:
    """Have the routes of `api` that create things heed the header. Call it when all routers are there."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                if any(may_be_repeated(method, router.prefix + path) for method in operation.methods):
                    operation.view_func = _once(operation)


def _once(operation: Operation) -> Any:
    do = operation.view_func

    @wraps(do)
    def view(request: HttpRequest, **values: Any) -> Any:
        if HEADER not in request.headers:
            return do(request, **values)
        user, key = caller(request), read_key(request.headers[HEADER])
        request_hash = fingerprint(request.method or "", request.get_full_path(), request.body)
        with once(user, key, request_hash) as kept:
            if kept is not None:
                return _replayed(kept)
            answer = operation._result_to_response(
                request, do(request, **values), operation.api.create_temporal_response(request)
            )
            assert isinstance(answer, HttpResponse)
            keep(
                user,
                key,
                request_hash,
                status=answer.status_code,
                content_type=answer.get("Content-Type", ""),
                body=answer.content.decode(),
            )
            return answer

    return view


def _replayed(kept: KeptAnswer) -> HttpResponse:
    return HttpResponse(
        kept.body, status=kept.status, content_type=kept.content_type or None, headers={REPLAYED: "true"}
    )
