"""Health checks: a model that nobody uses is asked for one token, by one generator, and everybody knows how it did."""

import asyncio

import pytest
from django.conf import settings as current
from pytest_django import Settings

from apps.core.redis import sync_redis
from apps.llm import health
from apps.llm.health import probe_channel, read_all
from apps.llm.probe import probe
from apps.llm.requests import ChatMessage, ChatRequest
from apps.llm.stream import stream
from apps.llm.tasks import check_models
from tests.provider.fixture import Provider

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # litellm warns about types of its own
    pytest.mark.django_db,  # the models are those of the settings and of the stored routes
]

MODEL = "openai/test"
END = b"the end"


def asked() -> list[str]:
    """Return the models that a look of beat would have asked."""
    hearing = sync_redis().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    hearing.subscribe(probe_channel())
    hearing.get_message(timeout=30)  # that it listens
    check_models()
    sync_redis().publish(probe_channel(), END)
    heard = []
    while (said := hearing.get_message(timeout=30)) and said["data"] != END:
        heard.append(said["data"].decode())
    hearing.close()
    return heard


async def test_one_generator_asks_for_one_token(routed: Provider) -> None:
    await asyncio.gather(probe(MODEL), probe(MODEL), probe(MODEL))
    (request,) = routed.requests
    assert request.body["max_tokens"] == 1
    found = read_all()[MODEL]
    assert found is not None
    assert found.code == ""
    assert not found.is_due


async def test_a_failing_model_is_known_and_asked_again(routed: Provider) -> None:
    assert await asyncio.to_thread(asked) == [MODEL]  # nobody has used it yet
    routed.behave(fault="401")
    await probe(MODEL)
    found = read_all()[MODEL]
    assert found is not None
    assert found.code == "provider_unavailable"
    assert await asyncio.to_thread(asked) == [MODEL]


async def test_a_model_that_is_used_is_not_asked(routed: Provider, settings: Settings) -> None:
    health._noted.clear()
    async for _ in stream(ChatRequest((MODEL,), (ChatMessage("user", "Go on."),), 100)):
        pass
    assert await asyncio.to_thread(asked) == []
    settings.AI_HEALTH_SECONDS = 0.001
    assert await asyncio.to_thread(asked) == [MODEL]
    settings.AI_HEALTH_SECONDS = 0
    assert await asyncio.to_thread(asked) == []


def test_beat_looks_and_the_demo_is_not_asked() -> None:
    assert current.CELERY_BEAT_SCHEDULE["check-models"]["task"] == check_models.name
    assert read_all() == {}
