"""The door to every model, through the real litellm."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import pytest
from pytest_django import Settings

from apps.core.errors import InterlineError
from apps.llm.engine import count_tokens
from apps.llm.errors import ProviderTimeout
from apps.llm.requests import Attempt, ChatMessage, ChatRequest, Delta, Finish, Rerouted, Retrying, StreamItem
from apps.llm.stream import settle, stream
from tests.provider.fixture import Provider

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm warns about types of its own


def request_for(*models: str, max_tokens: int = 500) -> ChatRequest:
    return ChatRequest(models, (ChatMessage("user", "Go on."),), max_tokens)


async def collect(request: ChatRequest, attempts: list[Attempt] | None = None) -> list[StreamItem]:
    return [item async for item in stream(request, [] if attempts is None else attempts)]


STALLS = ("stall", "keep-alive")


def text_of(items: list[StreamItem]) -> str:
    return "".join(item.text for item in items if isinstance(item, Delta))


@pytest.fixture(params=[True, False], ids=["fast", "ordinary"])
def way(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of reading a stream keep the same contract."""
    settings.AI_FAST_STREAM = request.param
    monkeypatch.setenv("EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER", str(request.param).lower())


@pytest.mark.usefixtures("way")
async def test_an_answer_is_its_deltas_and_one_finish(routed: Provider) -> None:
    attempts: list[Attempt] = []
    items = await collect(request_for("openai/test"), attempts)
    assert text_of(items) == "".join(routed.server.defaults.answer())
    (attempt,) = attempts
    assert (attempt.outcome, attempt.prompt_tokens, attempt.completion_tokens) == ("done", 2, 24)
    assert items[-1] == Finish("stop")
    assert [type(item) for item in items].count(Finish) == 1


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("split", ["bytes", "surrogates"])
async def test_characters_cut_in_two_are_joined(routed: Provider, split: str) -> None:
    routed.behave(split=split, tokens=9)
    for _ in range(2):  # the second request is a prepared one
        assert text_of(await collect(request_for("openai/test"))) == "\U0001f99a " * 9


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("fault", ["truncate", "reset", "error", "stall", "keep-alive"])
async def test_an_answer_that_breaks_off_is_never_taken_for_whole(
    routed: Provider, settings: Settings, fault: str
) -> None:
    if fault in STALLS:
        settings.AI_TOKEN_TIMEOUT_SECONDS = 1
    routed.behave(fault=fault, at=3)
    items: list[StreamItem] = []

    async def read() -> None:
        async for item in stream(request_for("openai/test")):
            items.append(item)

    with pytest.raises(InterlineError) as failure:
        await read()
    assert text_of(items) == "".join(routed.server.defaults.answer()[:3])
    assert failure.value.code == ("stalled" if fault in STALLS else "provider_unavailable")
    assert failure.value.retryable


async def test_a_malformed_event_is_a_failure_and_not_a_lost_word(routed: Provider) -> None:
    routed.behave(fault="malformed", at=3)
    with pytest.raises(InterlineError, match="broke off"):
        await collect(request_for("openai/test"))


@pytest.mark.usefixtures("way")
async def test_a_gateways_page_is_no_answer(routed: Provider) -> None:
    routed.behave(fault="html")
    with pytest.raises(InterlineError, match="nothing that can be read"):
        await collect(request_for("openai/test"))


@pytest.mark.usefixtures("way")
async def test_the_first_token_has_a_clock_of_its_own(routed: Provider, settings: Settings) -> None:
    settings.AI_FIRST_TOKEN_TIMEOUT_SECONDS = 0.5
    routed.behave(fault="stall-first")
    started = time.monotonic()
    with pytest.raises(ProviderTimeout):
        await collect(request_for("openai/test"))
    assert 0.4 < time.monotonic() - started < settings.AI_TOKEN_TIMEOUT_SECONDS


@pytest.mark.usefixtures("way")
async def test_the_whole_answer_has_a_clock_too(routed: Provider, settings: Settings) -> None:
    settings.AI_STREAM_TIMEOUT_SECONDS = 0.5
    routed.behave(rate=20, tokens=400)
    with pytest.raises(ProviderTimeout, match="too long"):
        await collect(request_for("openai/test"))


@pytest.mark.usefixtures("way")
async def test_closing_the_stream_reaches_the_provider(routed: Provider) -> None:
    routed.behave(rate=50, tokens=3_000)
    async with aclosing(stream(request_for("openai/test", max_tokens=4_000))) as items:
        await anext(items)
    async with asyncio.timeout(30):  # what is left to be written takes 60 s
        while routed.requests[0].ended is None:  # noqa: ASYNC110  (the provider runs in a thread)
            await asyncio.sleep(0.005)
    assert routed.requests[0].end == "client_gone"


SECOND = "openai/second;fault=;text=I_am_second."


async def test_the_next_model_takes_over_before_the_first_token(routed: Provider) -> None:
    routed.behave(fault="500")
    items = await collect(request_for("openai/test", SECOND))
    assert items[0] == Rerouted(SECOND)
    assert text_of(items) == "I am second."


async def test_an_answer_that_nobody_can_continue_fails_where_it_broke_off(routed: Provider) -> None:
    routed.behave(fault="reset", at=2)
    with pytest.raises(InterlineError):
        await collect(request_for("openai/test", "openai/other"))
    assert len(routed.requests) == 1


@pytest.mark.parametrize("fault", ["reset", "truncate", "stall", "keep-alive", "malformed", "error"])
async def test_the_next_model_goes_on_in_the_middle(routed: Provider, settings: Settings, fault: str) -> None:
    if fault in STALLS:
        settings.AI_TOKEN_TIMEOUT_SECONDS = 1
    routed.behave(fault=fault, at=4)
    request = replace(
        request_for("openai/test", SECOND), resume=lambda written: (ChatMessage("user", f"Go on after: {written}"),)
    )
    attempts: list[Attempt] = []
    items = await collect(request, attempts)
    beginning = "".join(routed.server.defaults.answer()[:4])
    assert text_of(items) == beginning + "I am second."
    assert Rerouted(SECOND, resumed=True) in items
    assert routed.requests[-1].prompt == f"Go on after: {beginning}"
    assert [type(item) for item in items].count(Finish) == 1
    assert [attempt.outcome for attempt in attempts] == [
        "stalled" if fault in STALLS else "provider_unavailable",
        "done",
    ]


async def test_a_passing_failure_is_tried_again(routed: Provider, settings: Settings) -> None:
    settings.AI_RETRIES = 2
    routed.behave(fault="503", times=2)
    items = await collect(request_for("openai/test"))
    assert [type(item) for item in items[:3]] == [Retrying, Retrying, Delta]
    assert isinstance(items[-1], Finish)
    assert len(routed.requests) == 3


@pytest.mark.parametrize("fault", ["400", "401", "404"])
async def test_what_trying_again_cannot_mend_is_not_tried_again(
    routed: Provider, settings: Settings, fault: str
) -> None:
    settings.AI_RETRIES = 2
    routed.behave(fault=fault)
    with pytest.raises(InterlineError):
        await collect(request_for("openai/test"))
    assert len(routed.requests) == 1


async def test_nothing_is_tried_again_after_its_first_word(routed: Provider, settings: Settings) -> None:
    settings.AI_RETRIES = 2
    routed.behave(fault="reset", at=1)
    with pytest.raises(InterlineError):
        await collect(request_for("openai/test"))
    assert len(routed.requests) == 1


async def test_a_provider_says_how_long_to_wait(routed: Provider, settings: Settings) -> None:
    settings.AI_RETRIES = 2
    routed.behave(fault="429", retry_after=1, times=1)
    items = await collect(request_for("openai/test"))
    assert items[0] == Retrying("openai/test", 1.0)
    first, second = routed.requests
    assert second.at - first.at >= 1


async def test_a_wait_that_is_too_long_is_not_waited_for(routed: Provider, settings: Settings) -> None:
    settings.AI_RETRIES = 2
    routed.behave(fault="429", retry_after=30)
    items = await collect(request_for("openai/test", SECOND))
    assert text_of(items) == "I am second."
    assert len(routed.requests) == 2


async def test_a_models_own_limits_hold_for_it(routed: Provider, settings: Settings) -> None:
    settings.AI_MODEL_TIMEOUTS = {"openai/test": (0.3, 5, 5)}
    routed.behave(first=1)
    with pytest.raises(ProviderTimeout):
        await collect(request_for("openai/test"))
    settings.AI_MODEL_TIMEOUTS = {"openai/test": (5, 5, 5)}
    assert isinstance((await collect(request_for("openai/test")))[-1], Finish)


async def test_tokens_are_counted_where_the_provider_did_not(routed: Provider) -> None:
    attempts: list[Attempt] = []
    routed.behave(usage=0)
    await collect(request_for("openai/test"), attempts)
    routed.behave(fault="truncate", at=6)
    with pytest.raises(InterlineError):
        await collect(request_for("openai/test"), attempts)
    routed.behave(rate=50)
    async with aclosing(stream(request_for("openai/test"), attempts)) as items:
        for _ in range(4):
            await anext(items)
    routed.behave(fault="500")
    with pytest.raises(InterlineError):
        await collect(request_for("openai/test"), attempts)
    await settle(attempts)
    assert [(one.outcome, one.counted) for one in attempts] == [
        ("done", False),
        ("provider_unavailable", False),
        ("stopped", False),
        ("provider_unavailable", False),
    ]
    words = routed.server.defaults.answer()
    texts = ["".join(words), "".join(words[:6]), "".join(words[:4]), ""]
    assert [one.completion_tokens for one in attempts] == [count_tokens("openai/test", text) for text in texts]
    assert [one.prompt_tokens for one in attempts] == [3, 3, 3, 0]


async def test_nothing_of_the_providers_words_or_our_key_is_told(routed: Provider) -> None:
    routed.behave(fault="401")
    with pytest.raises(InterlineError) as failure:
        await collect(request_for("openai/test"))
    assert "sk-" not in failure.value.message
    assert not failure.value.retryable


async def test_a_server_that_is_down_is_unavailable(routed: Provider, settings: Settings) -> None:
    settings.AI_API_BASE = "http://127.0.0.1:9/v1"
    with pytest.raises(InterlineError, match="cannot be reached") as failure:
        await collect(request_for("openai/test"))
    assert failure.value.code == "provider_unavailable"
