"""Refusals of the quotas."""

from apps.core.errors import InterlineError


class QuotaExceeded(InterlineError):
    """The tokens of a day, week or month are used up. `retry_after`: until there are more."""

    code = "quota_exceeded"
    status = 429
    retryable = True


class LimitsUnknown(InterlineError):
    """Whether one may cannot be found out now, so what costs money is refused. Editing goes on."""

    code = "rate_limited"
    status = 503
    retryable = True
