"""What can go wrong with a provider, in words for people; the provider's own words never pass."""

from apps.core.errors import InterlineError


class ProviderUnavailable(InterlineError):
    """The provider refused, failed, cannot be reached, or broke off."""

    code = "provider_unavailable"
    status = 503
    retryable = True


class ProviderMisconfigured(ProviderUnavailable):
    """The key, the model's name or the request itself is wrong: trying the same again is of no use."""

    retryable = False


class ProviderTimeout(InterlineError):
    """No first token in time, or the whole answer took too long."""

    code = "provider_timeout"
    status = 504
    retryable = True


class Stalled(InterlineError):
    """The answer began and then stood still."""

    code = "stalled"
    status = 504
    retryable = True


class BlockedInput(InterlineError):
    """The provider's content policy refused the text."""

    code = "blocked_input"
    status = 422


class ContextTooLarge(InterlineError):
    """The prompt is larger than the model takes."""

    code = "too_large"
    status = 413
