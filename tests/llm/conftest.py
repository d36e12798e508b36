"""The real litellm against our provider, in this process."""

from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from apps.llm.stream import engine
from tests.provider.fixture import Provider, provider

__all__ = ["provider"]


@pytest.fixture
async def routed(provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provider]:
    """Every `openai/…` model leads to the test provider, which is tried at once, and with a patient breaker."""
    settings.AI_MODEL = settings.AI_FAST_MODEL = "openai/test"
    settings.AI_API_BASE, settings.AI_API_KEY = provider.url, "sk-test"
    monkeypatch.setenv("OPENAI_API_BASE", provider.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    settings.AI_RETRIES = 0
    settings.AI_RETRY_SECONDS = 0.01
    settings.AI_BREAKER_FAILURES = 1_000
    yield provider
    await engine().aclose()
