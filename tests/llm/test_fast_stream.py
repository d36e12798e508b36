"""The names inside litellm that the fast way relies on. Where an upgrade moves them, answers go the ordinary way."""

from collections.abc import AsyncIterator
from dataclasses import replace

import litellm
import pytest

from apps.llm.engine import Answer, Engine
from apps.llm.failures import translated
from apps.llm.requests import ChatMessage, ChatRequest
from tests.provider.fixture import Provider

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm warns about types of its own


REQUEST = ChatRequest(("openai/test",), (), 100)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    made = Engine()
    yield made
    await made.aclose()


async def text_of(answer: Answer) -> str:
    text = "".join([step.text async for step in answer.steps])
    await answer.aclose()
    return text


async def test_litellms_http_handler_hands_out_the_providers_lines(routed: Provider) -> None:
    response = await litellm.acompletion(
        model="openai/test", messages=[{"role": "user", "content": "Go on."}], stream=True
    )
    lines = [line async for line in response.completion_stream.streaming_response]
    await response.aclose()
    assert lines[0].startswith("data: {")
    assert "data: [DONE]" in lines


async def test_the_second_request_of_a_kind_is_the_first_with_other_words(routed: Provider, engine: Engine) -> None:
    for words in ("First.", "Second."):
        answer = await engine.open("openai/test", (ChatMessage("user", words),), REQUEST)
        assert await text_of(answer) == "".join(routed.server.defaults.answer())
    assert engine.prepared == 1
    first, second = routed.requests
    assert first.body.pop("messages") == [{"role": "user", "content": "First."}]
    assert second.body.pop("messages") == [{"role": "user", "content": "Second."}]
    assert first.body == second.body
    ours = ("Authorization", "Content-Type", "Accept")
    assert [first.headers.get(name) for name in ours] == [second.headers.get(name) for name in ours]
    assert first.headers["Authorization"] == "Bearer sk-test"


async def test_requests_of_another_kind_are_prepared_anew(routed: Provider, engine: Engine) -> None:
    for request in (REQUEST, replace(REQUEST, temperature=0.5), replace(REQUEST, max_tokens=7)):
        await text_of(await engine.open("openai/test", (ChatMessage("user", "Go."),), request))
    assert engine.prepared == 3
    assert [one.body.get("temperature") for one in routed.requests] == [None, 0.5, None]
    assert [one.body.get("max_tokens") for one in routed.requests] == [100, 100, 7]


@pytest.mark.parametrize("fault", ["400", "401", "403", "404", "429", "500", "503"])
async def test_a_refusal_means_the_same_both_ways(routed: Provider, engine: Engine, fault: str) -> None:
    asked = "openai/test", (ChatMessage("user", "Go."),), REQUEST
    outcomes = []
    for prepared in (False, True):
        if prepared:
            await text_of(await engine.open(*asked))
        routed.behave(fault=fault, retry_after=3)
        with pytest.raises(Exception) as failure:  # noqa: PT011  (whatever litellm raises)
            await engine.open(*asked)
        error = translated(failure.value, began=False)
        outcomes.append((type(error), error.message, error.retry_after))
        routed.behave()
    assert outcomes[0] == outcomes[1]
    assert len(routed.requests) == 3


def test_litellm_is_told_to_keep_to_itself() -> None:
    assert litellm.telemetry is False
    assert litellm.drop_params is True
    assert litellm.turn_off_message_logging is True
