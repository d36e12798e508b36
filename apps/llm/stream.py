"""Streams an answer: the door to every model. Tries again, and passes on to the next model, where that helps."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from django.conf import settings

from apps.core.errors import InterlineError
from apps.core.loops import per_loop
from apps.core.tracing import begin
from apps.llm import metrics
from apps.llm.attempt import Clock, answer
from apps.llm.breaker import breaker
from apps.llm.engine import Engine, count_tokens
from apps.llm.errors import ProviderUnavailable
from apps.llm.health import note
from apps.llm.requests import Attempt, ChatRequest, Delta, Finish, Prompt, Rerouted, Retrying, StreamItem
from apps.llm.routes import time_limits

logger = logging.getLogger(__name__)

RESTING = "The model's provider has had failures and is given a rest. Nothing was lost; try again in a moment."
HOPELESS = ("blocked_input",)  # another model, or another try, must not be asked
CHARACTERS_PER_TOKEN = 4


@per_loop
def engine() -> Engine:
    """Return the running loop's engine."""
    return Engine()


async def stream(request: ChatRequest, attempts: list[Attempt] | None = None) -> AsyncGenerator[StreamItem]:
    """Yield deltas, what happens on the way, and at the end one Finish. Closing the iterator stops the provider.

    A model that fails before its first token is asked again (Retrying) where that may help; one that fails for good is
    followed by the next (Rerouted), which goes on in the middle of the answer where `request.resume` says how.
    `attempts` gets every request to a provider as it starts. Raises an InterlineError with a code of the contract.
    """
    attempts = [] if attempts is None else attempts
    written: list[str] = []
    failure: InterlineError | None = None
    for model in request.models:
        rest = await breaker().admit(model)
        if rest:
            failure = failure or ProviderUnavailable(RESTING, retry_after=round(rest, 1))
            continue
        prompt = _prompt(request, "".join(written))
        if failure is not None:
            if prompt is None:
                raise failure
            logger.warning("llm.fallback", extra={"model": model, "code": failure.code, "resumed": bool(written)})
            metrics.FALLBACKS.labels(model).inc()
            yield Rerouted(model, resumed=bool(written))
        if written and _room(request, written) <= 0:
            yield Finish("length")
            return
        assert prompt is not None
        try:
            async with aclosing(_ask(model, prompt, _shortened(request, written), attempts)) as items:
                async for item in items:
                    if isinstance(item, Delta):
                        written.append(item.text)
                    yield item
            return
        except InterlineError as error:
            failure = error
            if error.code in HOPELESS:
                raise
    assert failure is not None
    raise failure


def _prompt(request: ChatRequest, written: str) -> Prompt | None:
    """Return the prompt for a model that comes after `written`; None where the answer cannot be continued."""
    if not written:
        return request.messages
    return request.resume(written) if request.resume else None


def _room(request: ChatRequest, written: list[str]) -> int:
    """Return about how many tokens the answer may still have."""
    if request.begins_anew:
        return request.max_tokens
    return request.max_tokens - sum(map(len, written)) // CHARACTERS_PER_TOKEN


def _shortened(request: ChatRequest, written: list[str]) -> ChatRequest:
    return replace(request, max_tokens=_room(request, written)) if written else request


async def _ask(
    model: str, prompt: Prompt, request: ChatRequest, attempts: list[Attempt]
) -> AsyncGenerator[Delta | Finish | Retrying]:
    """Yield one model's answer, asking again while nothing has come and it may help."""
    clock = Clock(time_limits(model))
    tried = 0
    while True:
        attempt = Attempt(model, prompt)
        attempts.append(attempt)
        started = time.monotonic()
        asking = begin("model.request", kind="client", model=model)
        try:
            async with aclosing(answer(engine(), request, attempt, clock)) as items:
                async for item in items:
                    if len(attempt.pieces) == 1 and isinstance(item, Delta):
                        asking.event("first token")
                        metrics.FIRST_TOKEN.labels(model).observe(time.monotonic() - started)
                    if isinstance(item, Finish):
                        await breaker().succeeded(model)
                        await note(model, "", time.monotonic() - started)
                    yield item
            return
        except InterlineError as error:
            if _is_models_fault(error):
                await breaker().failed(model, rest=error.retry_after or 0)
                await note(model, error.code, time.monotonic() - started)
            wait = _wait(error, tried)
            if attempt.pieces or tried >= settings.AI_RETRIES or wait is None or wait >= clock.left:
                raise
            tried += 1
            logger.info("llm.retry", extra={"model": model, "code": error.code, "seconds": round(wait, 2)})
            metrics.RETRIES.labels(model).inc()
            yield Retrying(model, wait)
            await asyncio.sleep(wait)
        except (asyncio.CancelledError, GeneratorExit):
            await breaker().given_up(model)
            raise
        finally:
            metrics.REQUESTS.labels(model, attempt.outcome or "stopped").inc()
            asking.note(outcome=attempt.outcome or "stopped", characters=sum(map(len, attempt.pieces)))
            asking.end()


def _is_models_fault(error: InterlineError) -> bool:
    return error.code not in ("blocked_input", "too_large")


def _wait(error: InterlineError, tried: int) -> float | None:
    """Return the seconds to wait before asking again; None where it would be of no use."""
    if not error.retryable or error.code == "provider_timeout":
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= settings.AI_RETRY_WAIT_MAX_SECONDS else None
    backoff: float = settings.AI_RETRY_SECONDS * 2**tried * random.uniform(0.5, 1.5)  # noqa: S311  (jitter)
    return min(backoff, settings.AI_RETRY_WAIT_MAX_SECONDS)


async def settle(attempts: list[Attempt]) -> None:
    """Count the tokens of what no provider counted: answers that failed, were stopped, or came without a count."""
    uncounted = [one for one in attempts if one.began and not one.counted]
    if uncounted:
        await asyncio.to_thread(_count, uncounted)


def _count(attempts: list[Attempt]) -> None:
    for attempt in attempts:
        attempt.prompt_tokens = sum(count_tokens(attempt.model, message.content) for message in attempt.prompt)
        attempt.completion_tokens = count_tokens(attempt.model, "".join(attempt.pieces))
