"""The demo model: plausible, deterministic, out of the document's own words."""

import pytest
from pytest_django import Settings

from apps.assistant.actions import ACTIONS
from apps.assistant.messages import GenerationInput
from apps.llm import engine
from apps.llm.demo import compose
from apps.llm.requests import ChatRequest, Delta, Finish
from apps.llm.stream import stream

TEXT = "The heron stands in the shallow water. Every morning the heron returns to the old bridge, "

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm warns about types of its own


def request_of(action: str, text: str, max_tokens: int = 600) -> ChatRequest:
    messages = ACTIONS[action].messages(GenerationInput(text_before=text))
    return ChatRequest(("interline/demo",), messages, max_tokens)


@pytest.fixture
def quick(settings: Settings) -> None:
    settings.AI_MODEL = settings.AI_FAST_MODEL = "interline/demo"
    settings.AI_DEMO_FIRST_TOKEN_SECONDS = 0
    settings.AI_DEMO_TOKENS_PER_SECOND = 100_000
    engine.router.cache_clear()


async def answer(request: ChatRequest) -> tuple[str, Finish]:
    items = [item async for item in stream(request)]
    finish = items[-1]
    assert isinstance(finish, Finish)
    return "".join(item.text for item in items if isinstance(item, Delta)), finish


@pytest.mark.usefixtures("quick")
async def test_it_speaks_of_what_the_document_speaks_of_and_ends_its_sentences() -> None:
    text, finish = await answer(request_of("continue", TEXT))
    assert "heron" in text or "bridge" in text
    assert text.endswith(".")
    assert finish.reason == "stop"
    assert finish.completion_tokens > 10


@pytest.mark.usefixtures("quick")
async def test_the_same_text_gives_the_same_answer_and_another_another() -> None:
    first, _ = await answer(request_of("continue", TEXT))
    assert first == (await answer(request_of("continue", TEXT)))[0]
    assert first != (await answer(request_of("continue", TEXT + "always. ")))[0]


@pytest.mark.usefixtures("quick")
async def test_a_completion_is_short_and_finishes_the_sentence() -> None:
    text, _ = await answer(request_of("complete", TEXT))
    assert len(text.split()) < 20
    assert text[0].islower()
    assert text.endswith(".")


@pytest.mark.usefixtures("quick")
async def test_it_keeps_to_the_number_of_tokens() -> None:
    text, finish = await answer(request_of("continue", TEXT, max_tokens=3))
    assert len(text.split()) == 3
    assert finish.reason == "length"


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "1234 5678.", "{a} {b} {0}", "日本語の文章です。", "x" * 10_000])
def test_it_has_something_to_say_about_any_text(text: str) -> None:
    for name in ("continue", "complete"):
        action = ACTIONS[name]
        prompt = "\n".join(one.content for one in action.messages(GenerationInput(text_before=text)))
        assert compose(prompt).endswith(".")
