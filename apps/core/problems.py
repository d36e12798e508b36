"""How REST describes its errors: RFC 9457 problem JSON, made by `project.problems`."""

from typing import Any, Literal

from ninja import Schema

from apps.core.errors import InterlineError


class FieldProblem(Schema):
    """A part of the request that is not valid. `field` names it with dots, e.g. `body.title`."""

    field: str
    problem: str


class OfferedInstead(Schema):
    """What can be had although there are not enough tokens: the same by a smaller model (`options.smaller`), of whose
    tokens so many are left; or, in a browser that can, there.
    """

    kind: Literal["smaller_model", "in_browser"]
    model: str | None
    remaining_tokens: int | None


class Problem(Schema):
    """`code` is stable; `detail` is for people. `retry_after`: in seconds. `errors`: the fields that are not valid.

    `offer`: of `quota_exceeded`.
    """

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str
    retryable: bool | None = None
    retry_after: float | None = None
    errors: list[FieldProblem] | None = None
    offer: OfferedInstead | None = None


def refused_with(*errors: type[InterlineError]) -> dict[int, Any]:
    """Return what a route may answer besides what every route of its kind may (`project.openapi`)."""
    return {error.status: Problem for error in errors}
