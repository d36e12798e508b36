"""litellm, set up: the only importer of it, with `demo`. Importing this module takes seconds and 170 MB."""

import logging
import os
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import litellm
from django.conf import settings
from litellm.router import Router

from apps.llm.demo import DemoModel
from apps.llm.routes import deployments, is_demo

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


class BareRouter(Router):
    """litellm's Router without its stream wrapper, which costs CPU for every token and cannot continue an answer."""

    async def _acompletion_streaming_iterator(
        self, model_response: Any, *_: Any, deployment_slot: AsyncExitStack | None = None, **__: Any
    ) -> Any:
        if deployment_slot is not None:
            await deployment_slot.aclose()
        return model_response


@cache
def router() -> Router:
    """Return the process's router: attempts before the first token, cooldowns, connection pools."""
    model_list = []
    for deployment in deployments():
        params: dict[str, Any] = {"model": deployment.model}
        if deployment.api_base:
            params["api_base"] = deployment.api_base
        if deployment.api_key or deployment.api_base:
            # Servers on one's own machine want no key, but OpenAI's client insists on one.
            params["api_key"] = deployment.api_key or "none"
        model_list.append({"model_name": deployment.model, "litellm_params": params})
    return BareRouter(
        model_list=model_list,
        num_retries=settings.AI_RETRIES,
        timeout=settings.AI_REQUEST_TIMEOUT_SECONDS,
        stream_timeout=settings.AI_REQUEST_TIMEOUT_SECONDS,
        allowed_fails=settings.AI_COOLDOWN_FAILURES,
        cooldown_time=settings.AI_COOLDOWN_SECONDS,
    )


async def warm_up() -> None:
    """Make the first calls, which block the loop for 1 to 3 s, before anybody waits for them. Reaches no provider."""
    response = await Router(
        model_list=[{"model_name": "warm-up", "litellm_params": {"model": "openai/warm-up", "api_key": "none"}}]
    ).acompletion(
        model="warm-up", messages=[{"role": "user", "content": "warm up"}], stream=True, mock_response="warm up"
    )
    async for _ in response:
        pass
    router()


def is_fast(model: str) -> bool:
    """Say whether `model`'s stream may be read as plain server-sent events of OpenAI's form."""
    return settings.AI_FAST_STREAM and not is_demo(model) and model.partition("/")[0] in ("openai", "hosted_vllm")
