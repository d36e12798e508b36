"""The errors that reach people, each with a stable code of the public contract."""

from typing import Any, ClassVar


class InterlineError(Exception):
    """Base of every error with a public `code`.

    `message` is shown to people: what happened, what was kept, what to do. `retry_after` is in seconds.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after

    @property
    def details(self) -> dict[str, Any]:
        """What programs are told beside the code, by name: plain JSON."""
        return {}


class Invalid(InterlineError):
    """The request does not have the form the contract asks for."""

    code = "invalid"
    status = 400


class NotFound(InterlineError):
    """Absent, or not for this person: the two look alike outside."""

    code = "not_found"
    status = 404


class Forbidden(InterlineError):
    """Known to this person, but their role does not allow it."""

    code = "forbidden"
    status = 403


class TooLarge(InterlineError):
    """Larger than the named limit; the message says which."""

    code = "too_large"
    status = 413


class Conflict(InterlineError):
    """The request is fine, but not in the present state; the message says what to do first."""

    code = "conflict"
    status = 409


class RateLimited(InterlineError):
    """Too often. `retry_after` says when it may be tried again."""

    code = "rate_limited"
    status = 429
    retryable = True
