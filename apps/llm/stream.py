"""Streams an answer: the door to every model. Two clocks for every wait, and success only when the provider says so."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from http import HTTPStatus
from math import inf
from typing import Any

from django.conf import settings
from litellm import exceptions

from apps.core.errors import InterlineError
from apps.llm.engine import is_fast, router
from apps.llm.errors import (
    BlockedInput,
    ContextTooLarge,
    ProviderMisconfigured,
    ProviderTimeout,
    ProviderUnavailable,
    Stalled,
)
from apps.llm.requests import ChatRequest, Delta, Finish, Rerouted, StreamItem
from apps.llm.sse import BrokenStream, Completion, read_completions
from apps.llm.surrogates import SurrogateJoiner

logger = logging.getLogger(__name__)

UNREADABLE = "The model answered with nothing that can be read."
STOPPED = "The model stopped in the middle. What came until then is kept; try again."
NO_ANSWER = "The model did not answer in time. Nothing was lost; try again."
KEY_REFUSED = "The model's provider refused our key. An administrator has to correct it."
BROKE_OFF = "The model broke off before the end. What came until then is kept; try again."
RETRY_AFTER_MAX_SECONDS = 3600.0
CHARACTERS_PER_TOKEN = 4  # for an estimate where the provider counts nothing

# litellm's failures before the first token; the more special stand before those they derive from.
TRANSLATIONS: dict[type[Exception], tuple[type[InterlineError], str]] = {
    exceptions.ContextWindowExceededError: (ContextTooLarge, "The text is too long for this model."),
    exceptions.ContentPolicyViolationError: (BlockedInput, "The model's provider refused this text."),
    exceptions.AuthenticationError: (ProviderMisconfigured, KEY_REFUSED),
    exceptions.PermissionDeniedError: (ProviderMisconfigured, KEY_REFUSED),
    exceptions.NotFoundError: (
        ProviderMisconfigured,
        "The provider has no such model. An administrator has to correct its name.",
    ),
    exceptions.BadRequestError: (ProviderMisconfigured, "The model's provider did not accept the request."),
    exceptions.RateLimitError: (
        ProviderUnavailable,
        "The model's provider has too much to do. Try again in a moment.",
    ),
    exceptions.Timeout: (ProviderTimeout, NO_ANSWER),
    BrokenStream: (ProviderUnavailable, UNREADABLE),
}


async def stream(request: ChatRequest) -> AsyncGenerator[StreamItem]:
    """Yield deltas and, at the end, one Finish. Closing the iterator stops the provider.

    A model that fails before its first token is followed by the next (Rerouted); afterwards nothing is repeated.
    Raises an InterlineError with a code of the contract.
    """
    *others, last = request.models
    for model in others:
        began = False
        try:
            async with aclosing(_attempt(request, model)) as items:
                async for item in items:
                    began = True
                    yield item
            return
        except InterlineError as error:
            if began or error.code == "blocked_input":
                raise
            following = request.models[request.models.index(model) + 1]
            logger.warning("llm.fallback", extra={"model": model, "code": error.code, "next": following})
            yield Rerouted(following)
    async with aclosing(_attempt(request, last)) as items:
        async for item in items:
            yield item


async def _attempt(request: ChatRequest, model: str) -> AsyncGenerator[Delta | Finish]:
    """Yield one model's answer, within the three clocks."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    deadline = started + settings.AI_STREAM_TIMEOUT_SECONDS
    joiner, end = SurrogateJoiner(), Completion()
    characters = 0
    async with AsyncExitStack() as closing:
        wait_until = started + settings.AI_FIRST_TOKEN_TIMEOUT_SECONDS
        try:
            async with asyncio.timeout_at(wait_until):
                completions = await _open(request, model, closing)
            while True:
                async with asyncio.timeout_at(min(wait_until, deadline)):
                    completion = await anext(completions, None)
                if completion is None:
                    break
                end.finish_reason = completion.finish_reason or end.finish_reason
                if completion.completion_tokens is not None:
                    end.prompt_tokens, end.completion_tokens = completion.prompt_tokens, completion.completion_tokens
                text = joiner.feed(completion.text)
                if text:
                    characters += len(text)
                    wait_until = loop.time() + settings.AI_TOKEN_TIMEOUT_SECONDS
                    yield Delta(text)
        except TimeoutError:
            raise _timeout_error(characters, at_deadline=loop.time() >= deadline) from None
        except (InterlineError, asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:
            raise _translated(error, began=characters > 0) from None
    if end.finish_reason is None:
        # A cut-off answer, or a gateway's page with status 200: litellm itself would report "stop".
        raise ProviderUnavailable(BROKE_OFF if characters else UNREADABLE)
    rest = joiner.flush()
    if rest:
        yield Delta(rest)
    yield Finish(
        end.finish_reason,
        end.prompt_tokens if end.prompt_tokens is not None else _estimate(request),
        end.completion_tokens if end.completion_tokens is not None else -(-characters // CHARACTERS_PER_TOKEN),
    )


async def _open(request: ChatRequest, model: str, closing: AsyncExitStack) -> AsyncIterator[Completion]:
    """Call the provider and return its stream, which `closing` will close."""
    options = {} if request.temperature is None else {"temperature": request.temperature}
    call: Any = router().acompletion
    response = await call(
        model=model,
        messages=[{"role": message.role, "content": message.content} for message in request.messages],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=request.max_tokens,
        max_retries=0,
        **options,
    )
    closing.push_async_callback(response.aclose)
    lines = getattr(response.completion_stream, "streaming_response", None) if is_fast(model) else None
    return _fast(lines) if lines is not None else _ordinary(response)


async def _fast(lines: Any) -> AsyncIterator[Completion]:
    """Read the provider's lines under litellm's HTTP handler (contract: tests/llm/test_fast_stream.py)."""
    completions = read_completions(lines)
    async for completion in completions:
        if completion is not None:
            yield completion


async def _ordinary(response: Any) -> AsyncIterator[Completion]:
    """Read litellm's own stream: any provider it knows."""
    async for chunk in response:
        completion = Completion()
        if chunk.choices:
            completion.text = chunk.choices[0].delta.content or ""
        usage = getattr(chunk, "usage", None)
        if usage:
            completion.prompt_tokens, completion.completion_tokens = usage.prompt_tokens, usage.completion_tokens
        # Not the chunk's own reason: where a provider broke off, the wrapper makes one up.
        completion.finish_reason = response.received_finish_reason
        yield completion


def _estimate(request: ChatRequest) -> int:
    return sum(-(-len(message.content) // CHARACTERS_PER_TOKEN) for message in request.messages)


def _timeout_error(characters: int, *, at_deadline: bool) -> InterlineError:
    if at_deadline:
        return ProviderTimeout("The model took too long for the whole answer. What came until then is kept.")
    if characters:
        return Stalled(STOPPED)
    return ProviderTimeout(NO_ANSWER)


def _translated(error: Exception, *, began: bool) -> InterlineError:
    """Return `error` in our words. The provider's may hold keys, prompts or HTML, so only its kind is logged."""
    original = getattr(error, "original_exception", None)
    cause = original if isinstance(original, Exception) else error
    status = getattr(cause, "status_code", None)
    logger.warning(
        "llm.provider_failed", extra={"kind": type(cause).__name__, "provider_status": status, "began": began}
    )
    if began:
        return Stalled(STOPPED) if isinstance(cause, exceptions.Timeout) else ProviderUnavailable(BROKE_OFF)
    for kind, (translation, message) in TRANSLATIONS.items():
        if isinstance(cause, kind):
            return translation(message, retry_after=_retry_after(cause))
    if status == HTTPStatus.FORBIDDEN:  # litellm has it as a plain APIError
        return ProviderMisconfigured(KEY_REFUSED)
    return ProviderUnavailable("The model cannot be reached. Nothing was lost; try again.")


def _retry_after(error: Exception) -> float | None:
    """Return the seconds a provider asked to wait, where it said so in seconds."""
    response = getattr(error, "response", None)
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, RETRY_AFTER_MAX_SECONDS) if 0 <= seconds < inf else None
