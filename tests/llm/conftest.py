"""The real litellm against our provider, in this process."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.llm import engine
from tests.provider.fixture import Provider, provider

__all__ = ["provider"]


@pytest.fixture
def routed(provider: Provider, settings: Settings) -> Iterator[Provider]:
    """`openai/test` leads to the test provider, with short waits."""
    settings.AI_MODEL = settings.AI_FAST_MODEL = "openai/test"
    settings.AI_API_BASE, settings.AI_API_KEY = provider.url, "sk-test"
    settings.AI_RETRIES = 0
    settings.AI_TOKEN_TIMEOUT_SECONDS = 0.5
    engine.router.cache_clear()
    yield provider
    engine.router.cache_clear()
