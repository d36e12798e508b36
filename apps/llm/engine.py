"""litellm, set up: the only importer of it, with `demo`, `prepared` and `failures`. Importing it takes seconds and
170 MB.

litellm's Router is not used: it selects among deployments of one model, and we have one of each; it retries in
silence, its cooldowns hear nothing of answers that break off, and it costs 0.3 ms of every request.
"""

import logging
import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import litellm
from django.conf import settings
from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients

from apps.llm.demo import DemoModel
from apps.llm.prepared import Client, Prepared, recorded
from apps.llm.requests import ChatMessage, ChatRequest
from apps.llm.routes import Deployment, find_deployment, is_demo
from apps.llm.sse import Completion, read_completions

PREPARED_MAX = 256

if settings.AI_FAST_STREAM:
    os.environ.setdefault("EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER", "true")  # read with every call

litellm.telemetry = False
litellm.drop_params = True
litellm.suppress_debug_info = True
litellm.turn_off_message_logging = True
litellm.disable_streaming_logging = True
litellm.custom_provider_map = [{"provider": "interline", "custom_handler": DemoModel()}]

# litellm's own loggers print prompts and keys at DEBUG and whole provider answers on errors.
for _name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Answer:
    """A provider's answer, which has begun: what it says, step by step."""

    def __init__(self, steps: AsyncIterator[Completion], response: Any) -> None:
        self.steps = steps
        self._response = response

    async def aclose(self) -> None:
        """Hang up: a provider that is only no longer read goes on generating, and billing."""
        await self._response.aclose()


class Engine:
    """The process's way to every model: connection pools, and requests that need no more preparation."""

    def __init__(self) -> None:
        self._client = Client()
        self._prepared: dict[tuple[Any, ...], Prepared] = {}

    @property
    def prepared(self) -> int:
        """Return how many kinds of requests need no more preparation."""
        return len(self._prepared)

    async def aclose(self) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]

    async def open(self, model: str, messages: tuple[ChatMessage, ...], request: ChatRequest) -> Answer:
        """Call `model`; return when its headers are here. Raises what litellm and httpx raise."""
        deployment = find_deployment(model)
        spoken = [{"role": message.role, "content": message.content} for message in messages]
        if not is_fast(model):
            response = await litellm.acompletion(**_parameters(deployment, request), messages=spoken)
            return Answer(_ordinary(response), response)
        what = (deployment, request.max_tokens, request.temperature)
        prepared = self._prepared.get(what)
        if prepared is not None:
            response = await self._client.send(prepared, spoken, _timeout(deployment))
            return Answer(_fast(response.aiter_lines()), response)
        return await self._prepare(what, deployment, request, spoken)

    async def _prepare(self, what: Any, deployment: Deployment, request: ChatRequest, spoken: list[Any]) -> Answer:
        """Send the request by litellm, and keep the form it gave it for the next one like it."""
        recorded.set(None)
        parameters = _parameters(deployment, request) | {"timeout": _timeout(deployment), "client": self._client}
        response = await litellm.acompletion(**parameters, messages=spoken)
        lines = getattr(response.completion_stream, "streaming_response", None)
        if lines is None:  # litellm went another way
            return Answer(_ordinary(response), response)
        prepared = recorded.get()
        if prepared is not None and prepared.body.get("messages") == spoken and len(self._prepared) < PREPARED_MAX:
            self._prepared[what] = prepared
        return Answer(_fast(lines), response)


def is_fast(model: str) -> bool:
    """Say whether `model`'s stream may be read as plain server-sent events of OpenAI's form."""
    return settings.AI_FAST_STREAM and not is_demo(model) and model.partition("/")[0] in ("openai", "hosted_vllm")


def count_tokens(model: str, text: str) -> int:
    """Return about how many tokens `text` is for `model`. Takes milliseconds for a long one."""
    return int(litellm.token_counter(model=model, text=text)) if text else 0


async def warm_up() -> None:
    """Make the first calls, which block the loop for 1 to 3 s, before anybody waits for them. Reaches no provider."""
    response = await litellm.acompletion(
        model="openai/warm-up",
        api_key="none",
        messages=[{"role": "user", "content": "warm up"}],
        stream=True,
        mock_response="warm up",
    )
    async for _ in response:
        pass
    count_tokens("openai/warm-up", "warm up")


async def close_clients() -> None:
    """Close the connections that litellm keeps. For the end of a process: they are not opened again."""
    await close_litellm_async_clients()  # type: ignore[no-untyped-call]


def _parameters(deployment: Deployment, request: ChatRequest) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "model": deployment.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": request.max_tokens,
        "max_retries": 0,
        "timeout": _timeout(deployment).read,
    }
    if request.temperature is not None:
        parameters["temperature"] = request.temperature
    if deployment.api_base:
        parameters["api_base"] = deployment.api_base
    if deployment.api_key or deployment.api_base:
        # Servers on one's own machine want no key, but OpenAI's client insists on one.
        parameters["api_key"] = deployment.api_key or "none"
    return parameters


def _timeout(deployment: Deployment) -> httpx.Timeout:
    """Return the transport's clocks: behind our own, which are exact and know what a token is."""
    limits = deployment.limits
    patience = 1 + max(limits.first_token_seconds, limits.between_tokens_seconds)
    return httpx.Timeout(patience, connect=settings.AI_CONNECT_TIMEOUT_SECONDS)


async def _fast(lines: AsyncIterator[str]) -> AsyncIterator[Completion]:
    """Read the provider's own lines (contract with litellm: tests/llm/test_fast_stream.py)."""
    async for completion in read_completions(lines):
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
