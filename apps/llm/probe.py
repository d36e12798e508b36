"""Asks a model for one token, to see whether it answers; where its circuit is half open, this is the trial.

How it did is noted where every answer is (`stream`).
"""

import logging
from contextlib import aclosing

from apps.core.errors import InterlineError
from apps.core.redis import async_redis, key
from apps.llm.requests import Attempt, ChatMessage, ChatRequest
from apps.llm.stream import settle, stream

logger = logging.getLogger(__name__)

LOCK_SECONDS = 20  # all generators hear that a model is to be asked; one does


async def probe(model: str) -> None:
    """Ask `model` unless another generator does, and note how it did."""
    if not await async_redis().set(key("llm", f"{{{model}}}", "probing"), "1", nx=True, ex=LOCK_SECONDS):
        return
    request = ChatRequest((model,), (ChatMessage("user", "Say yes."),), max_tokens=1)
    attempts: list[Attempt] = []
    code = ""
    try:
        async with aclosing(stream(request, attempts)) as items:
            async for _ in items:
                pass
    except InterlineError as error:
        code = error.code
    await settle(attempts)
    logger.info(
        "llm.probed",
        extra={
            "model": model,
            "code": code,
            "tokens": sum(one.prompt_tokens + one.completion_tokens for one in attempts),
        },
    )
