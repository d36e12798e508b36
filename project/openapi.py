"""The OpenAPI document: ninja's, with what every route has in common, so that no route has to repeat it."""

from http import HTTPMethod, HTTPStatus
from typing import Any

from django.conf import settings
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from apps.accounts.idempotency import HEADER, KEY_PATTERN
from apps.core.problems import Problem
from project.problems import PROBLEM_JSON
from project.repeatable import REPLAYED, may_be_repeated

REFERENCE = "#/components/schemas/{model}"
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "A UUID of yours, say. Sent again with the same key, the request does nothing a second time and is "
    f"answered as before (with `{REPLAYED}: true`), for {settings.IDEMPOTENCY_HOURS} hours.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
    "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
}
RETRY_AFTER = {"description": "In how many seconds to try again.", "schema": {"type": "integer", "minimum": 0}}
RATE_LIMIT_POLICY = {
    "description": "How many requests (`q`) may be made in how many seconds (`w`), for the API key and for its person; "
    "draft-ietf-httpapi-ratelimit-headers-10. Absent while nobody can count.",
    "schema": {"type": "string"},
    "example": '"key";q=1200;w=60, "person";q=3000;w=60',
}
RATE_LIMIT = {
    "description": "How many requests are left (`r`), and in how many seconds there is one more (`t`).",
    "schema": {"type": "string"},
    "example": '"key";r=1199;t=60, "person";r=2999;t=60',
}
REQUEST_ID = {
    "description": "The request's id, as in the logs. Name it when something went wrong.",
    "schema": {"type": "string"},
}

DESCRIPTIONS = {
    400: "The request does not have the form described here; `errors` names the fields.",
    401: "Nobody is signed in, or the API key is not valid.",
    403: "The key lacks the scope, the CSRF token is missing, or the role does not allow it.",
    404: "Absent, or not shared with you: the two look alike.",
    406: "Not available in this format.",
    409: "The request is fine, but not in the present state; `detail` says what to do first.",
    412: "The version of `If-Match` is too old to be merged into.",
    413: "Larger than a limit; `detail` says which.",
    415: "The body has another type than the one described here.",
    422: "The `Idempotency-Key` was another request's, or the text may not be sent to the assistant.",
    429: "Too often, or nothing is left of a quota; `Retry-After` says when to come back.",
    503: "Not possible for a moment; `Retry-After` says when to come back.",
}
ALWAYS = (401, 403, 429)  # signed in, allowed, not too often
WITH_BODY = (400, 413)
WITH_KEY = (400, 409, 422)


class DescribedAPI(NinjaAPI):
    """A NinjaAPI that says of each route with which problems it may answer."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["servers"] = [{"url": "/"}]
        root = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        definitions = Problem.model_json_schema(ref_template=REFERENCE)
        schema["components"]["schemas"].update(definitions.pop("$defs"), Problem=definitions)
        for path, operations in schema["paths"].items():
            for method in HTTPMethod:
                if operation := operations.get(method.lower()):
                    if may_be_repeated(method, path.removeprefix(root)):
                        operation["parameters"].append(IDEMPOTENCY_KEY)
                    _describe_answers(operation, has_id="{" in path)
        return schema


def _describe_answers(operation: dict[str, Any], *, has_id: bool) -> None:
    answers = operation["responses"]
    for status in sorted({*_usual(operation, has_id=has_id), *(code for code in answers if code >= 400)}):
        answers[status] = _problem(status)
    for answer in answers.values():
        headers = answer.setdefault("headers", {})
        headers |= {"X-Request-ID": REQUEST_ID, "RateLimit-Policy": RATE_LIMIT_POLICY, "RateLimit": RATE_LIMIT}


def _usual(operation: dict[str, Any], *, has_id: bool) -> set[int]:
    usual = {*ALWAYS}
    if operation["parameters"]:
        usual.add(400)
    if "requestBody" in operation:
        usual.update(WITH_BODY)
    if IDEMPOTENCY_KEY in operation["parameters"]:
        usual.update(WITH_KEY)
    if has_id:
        usual.add(404)
    return usual


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": DESCRIPTIONS.get(status, HTTPStatus(status).phrase),
        "content": {PROBLEM_JSON: {"schema": {"$ref": REFERENCE.format(model="Problem")}}},
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": RETRY_AFTER}
    return answer
