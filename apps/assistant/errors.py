"""Refusals of the assistant."""

from apps.core.errors import InterlineError


class UnsupportedAction(InterlineError):
    """No such action, or not yet."""

    code = "unsupported_action"
    status = 400


class UnusableAnswer(InterlineError):
    """The model answered, but with nothing that can be shown."""

    code = "provider_unavailable"
    status = 503
    retryable = True


class CutOff(InterlineError):
    """The model's answer was longer than it may be, and half of it is no result."""

    code = "too_large"
    status = 413


class Withdrawn(InterlineError):
    """A reviewer has removed the answer."""

    code = "blocked_output"
    status = 410


class ConcurrencyLimited(InterlineError):
    """Too many generations of this person at once."""

    code = "concurrency_limited"
    status = 429
    retryable = True
