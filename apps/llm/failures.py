"""Says in our words what litellm, httpx and the stream report. The provider's own may hold keys, prompts or HTML."""

import logging
from http import HTTPStatus
from math import inf

import httpx
from django.conf import settings
from litellm import exceptions
from litellm.litellm_core_utils.exception_mapping_utils import exception_type
from litellm.llms.openai.common_utils import OpenAIError

from apps.core.errors import InterlineError
from apps.llm.errors import (
    BlockedInput,
    ContextTooLarge,
    ProviderMisconfigured,
    ProviderTimeout,
    ProviderUnavailable,
    Stalled,
)
from apps.llm.sse import BrokenStream

logger = logging.getLogger(__name__)

UNREADABLE = "The model answered with nothing that can be read."
UNREACHABLE = "The model cannot be reached. Nothing was lost; try again."
STOPPED = "The model stopped in the middle. What came until then is kept; try again."
NO_ANSWER = "The model did not answer in time. Nothing was lost; try again."
TOO_LONG = "The model took too long for the whole answer. What came until then is kept."
BROKE_OFF = "The model broke off before the end. What came until then is kept; try again."
KEY_REFUSED = "The model's provider refused our key. An administrator has to correct it."
TOO_LARGE = "The text is too long for this model."
BUSY = "The model's provider has too much to do. Try again in a moment."

# Failures before the first token; the more special stand before those they derive from.
TRANSLATIONS: dict[type[Exception], tuple[type[InterlineError], str]] = {
    exceptions.ContextWindowExceededError: (ContextTooLarge, TOO_LARGE),
    exceptions.ContentPolicyViolationError: (BlockedInput, "The model's provider refused this text."),
    exceptions.AuthenticationError: (ProviderMisconfigured, KEY_REFUSED),
    exceptions.PermissionDeniedError: (ProviderMisconfigured, KEY_REFUSED),
    exceptions.NotFoundError: (
        ProviderMisconfigured,
        "The provider has no such model. An administrator has to correct its name.",
    ),
    exceptions.BadRequestError: (ProviderMisconfigured, "The model's provider did not accept the request."),
    exceptions.RateLimitError: (ProviderUnavailable, BUSY),
    exceptions.Timeout: (ProviderTimeout, NO_ANSWER),
    httpx.TimeoutException: (ProviderTimeout, NO_ANSWER),
    BrokenStream: (ProviderUnavailable, UNREADABLE),
}


async def status_error(response: httpx.Response, *, model: str) -> Exception:
    """Return what litellm makes of a response that is no success: it knows how providers word their refusals."""
    await response.aread()
    error = OpenAIError(status_code=response.status_code, message=response.text, headers=response.headers)
    try:
        exception_type(  # type: ignore[no-untyped-call]
            model=model, original_exception=error, custom_llm_provider="openai"
        )
    except Exception as mapped:
        return mapped
    return error


def translated(error: Exception, *, began: bool) -> InterlineError:
    """Return `error` in our words. `began`: text had come before it."""
    original = getattr(error, "original_exception", None)
    cause = original if isinstance(original, Exception) else error
    status = getattr(cause, "status_code", None)
    logger.warning(
        "llm.provider_failed", extra={"kind": type(cause).__name__, "provider_status": status, "began": began}
    )
    if began:
        is_timeout = isinstance(cause, exceptions.Timeout | httpx.TimeoutException)
        return Stalled(STOPPED) if is_timeout else ProviderUnavailable(BROKE_OFF)
    for kind, (translation, message) in TRANSLATIONS.items():
        if isinstance(cause, kind):
            return translation(message, retry_after=_retry_after(cause))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return ContextTooLarge(TOO_LARGE)
    if status == HTTPStatus.FORBIDDEN:  # litellm has it as a plain APIError
        return ProviderMisconfigured(KEY_REFUSED)
    return ProviderUnavailable(UNREACHABLE, retry_after=_retry_after(cause))


def _retry_after(error: Exception) -> float | None:
    """Return the seconds a provider asked to wait, where it said so in seconds."""
    response = getattr(error, "response", None)
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, settings.AI_RETRY_AFTER_MAX_SECONDS) if 0 <= seconds < inf else None
