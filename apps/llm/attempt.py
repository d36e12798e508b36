"""One request to one model: its text as it comes, within its clocks, and whole only when the provider says so."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack

from apps.core.errors import InterlineError
from apps.llm.engine import Engine
from apps.llm.errors import ProviderTimeout, ProviderUnavailable, Stalled
from apps.llm.failures import BROKE_OFF, NO_ANSWER, STOPPED, TOO_LONG, UNREADABLE, translated
from apps.llm.requests import Attempt, ChatRequest, Delta, Finish
from apps.llm.routes import TimeLimits
from apps.llm.sse import Completion
from apps.llm.surrogates import SurrogateJoiner


class Clock:
    """When a model's time is up; the first token's limit holds for all its attempts together."""

    def __init__(self, limits: TimeLimits) -> None:
        self._loop = asyncio.get_running_loop()
        self._between = limits.between_tokens_seconds
        self._deadline = self._loop.time() + limits.whole_seconds
        self._next_by = self._loop.time() + limits.first_token_seconds

    @property
    def next_by(self) -> float:
        """Return until when the next token has to come, in the loop's time."""
        return min(self._next_by, self._deadline)

    @property
    def left(self) -> float:
        return self.next_by - self._loop.time()

    def ticked(self) -> None:
        """A token has come."""
        self._next_by = self._loop.time() + self._between

    def error(self, *, began: bool) -> InterlineError:
        """Return what it means that the time is up."""
        if self._loop.time() >= self._deadline:
            return ProviderTimeout(TOO_LONG)
        return Stalled(STOPPED) if began else ProviderTimeout(NO_ANSWER)


async def answer(
    engine: Engine, request: ChatRequest, attempt: Attempt, clock: Clock
) -> AsyncGenerator[Delta | Finish]:
    """Yield the answer of `attempt.model` to `attempt.prompt`, and keep in `attempt` what it cost.

    Closing the iterator hangs up. Raises an InterlineError with a code of the contract.
    """
    try:
        async with AsyncExitStack() as closing:
            async for item in _answer(engine, request, attempt, clock, closing):
                if isinstance(item, Finish):
                    attempt.outcome = "done"
                yield item
    except InterlineError as error:
        attempt.outcome = error.code
        raise
    except (asyncio.CancelledError, GeneratorExit):
        attempt.outcome = attempt.outcome or "stopped"
        raise


async def _answer(
    engine: Engine, request: ChatRequest, attempt: Attempt, clock: Clock, closing: AsyncExitStack
) -> AsyncGenerator[Delta | Finish]:
    joiner, reason = SurrogateJoiner(), None
    try:
        async with asyncio.timeout_at(clock.next_by):
            opened = await engine.open(attempt.model, attempt.prompt, request)
            closing.push_async_callback(opened.aclose)
        attempt.began = True
        while (step := await _next(opened.steps, clock)) is not None:
            reason = step.finish_reason or reason
            _count(attempt, step)
            text = joiner.feed(step.text)
            if text:
                attempt.pieces.append(text)
                clock.ticked()
                yield Delta(text)
    except TimeoutError:
        raise clock.error(began=bool(attempt.pieces)) from None
    except (InterlineError, asyncio.CancelledError, GeneratorExit):
        raise
    except Exception as error:
        raise translated(error, began=bool(attempt.pieces)) from None
    if reason is None:
        # A cut-off answer, or a gateway's page with status 200: litellm itself would report "stop".
        raise ProviderUnavailable(BROKE_OFF if attempt.pieces else UNREADABLE)
    if rest := joiner.flush():
        attempt.pieces.append(rest)
        yield Delta(rest)
    yield Finish(reason)


async def _next(steps: AsyncIterator[Completion], clock: Clock) -> Completion | None:
    async with asyncio.timeout_at(clock.next_by):
        return await anext(steps, None)


def _count(attempt: Attempt, step: Completion) -> None:
    if step.completion_tokens is not None:
        attempt.counted = True
        attempt.prompt_tokens, attempt.completion_tokens = step.prompt_tokens or 0, step.completion_tokens
