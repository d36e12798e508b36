"""Refusals of the assistant."""

from apps.core.errors import InterlineError


class UnsupportedAction(InterlineError):
    """No such action, or not yet."""

    code = "unsupported_action"
    status = 400


class ConcurrencyLimited(InterlineError):
    """Too many generations of this person at once."""

    code = "concurrency_limited"
    status = 429
    retryable = True
