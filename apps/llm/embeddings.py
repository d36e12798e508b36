"""Embeddings: texts in, vectors out."""

import asyncio
from collections.abc import Sequence

import litellm
from django.conf import settings
from litellm import exceptions

from apps.core.errors import InterlineError
from apps.llm import engine  # noqa: F401  (sets litellm up)
from apps.llm.errors import ProviderMisconfigured, ProviderTimeout, ProviderUnavailable

REFUSED = (
    exceptions.AuthenticationError,
    exceptions.PermissionDeniedError,
    exceptions.NotFoundError,
    exceptions.BadRequestError,
)


async def embed(texts: Sequence[str]) -> list[list[float]]:
    """Return one vector per text by AI_EMBEDDING_MODEL. Raises an InterlineError with a code of the contract."""
    try:
        async with asyncio.timeout(settings.AI_FIRST_TOKEN_TIMEOUT_SECONDS):
            answer = await litellm.aembedding(
                model=settings.AI_EMBEDDING_MODEL, input=list(texts), max_retries=0, **_address()
            )
    except Exception as error:
        raise _translated(error) from None
    return [list(item["embedding"]) for item in answer.data]


def _address() -> dict[str, str]:
    """AI_API_BASE and AI_API_KEY belong to AI_MODEL, and to an embedding model of the same provider."""
    if settings.AI_EMBEDDING_MODEL.partition("/")[0] != settings.AI_MODEL.partition("/")[0]:
        return {}
    given = {"api_base": settings.AI_API_BASE, "api_key": settings.AI_API_KEY}
    return {name: value for name, value in given.items() if value}


def _translated(error: Exception) -> InterlineError:
    if isinstance(error, (TimeoutError, exceptions.Timeout)):
        return ProviderTimeout("The embedding model did not answer in time.")
    if isinstance(error, REFUSED):
        return ProviderMisconfigured("The embedding model's provider did not accept the key, the name or the request.")
    return ProviderUnavailable("The embedding model cannot be reached.")
