"""The names inside litellm that the fast way relies on. Where an upgrade moves them, answers go the ordinary way."""

import inspect

import litellm
import pytest
from litellm.router import Router

from apps.llm import engine
from tests.provider.fixture import Provider

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm warns about types of its own


async def test_litellms_http_handler_hands_out_the_providers_lines(routed: Provider) -> None:
    response = await engine.router().acompletion(
        model="openai/test", messages=[{"role": "user", "content": "Go on."}], stream=True
    )
    lines = [line async for line in response.completion_stream.streaming_response]
    await response.aclose()  # type: ignore[no-untyped-call]
    assert lines[0].startswith("data: {")
    assert "data: [DONE]" in lines


def test_the_router_still_has_the_hook_that_is_overridden() -> None:
    parameters = inspect.signature(Router._acompletion_streaming_iterator).parameters
    assert {"model_response", "deployment_slot"} <= set(parameters)


def test_litellm_is_told_to_keep_to_itself() -> None:
    assert litellm.telemetry is False
    assert litellm.drop_params is True
    assert litellm.turn_off_message_logging is True
