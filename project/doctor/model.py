"""The models: whether the key is taken, whether an answer streams, and how soon. Asks each for one short answer."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing

from django.conf import settings

from apps.core.errors import InterlineError
from apps.llm.classifying import classify
from apps.llm.embeddings import embed
from apps.llm.engine import close_clients
from apps.llm.requests import ChatMessage, ChatRequest, Delta
from apps.llm.routes import deployments, is_demo
from apps.llm.stream import engine, stream
from project.doctor.findings import Finding, failed, ok, warning

PROMPT = "Count from one to thirty, in words."
MAX_TOKENS = 120
SLOW_SECONDS = 5.0
HELD_BACK_SECONDS = 1.0  # an answer that took so long and then came within a moment was not streamed
HELD_BACK_SHARE = 1 / 20

KEY_ADVICE = "Look at AI_API_KEY or the provider's own variable, at AI_API_BASE, and at the model's name."
REACH_ADVICE = "Look whether this machine reaches the provider (AI_API_BASE, firewall), and at the provider's status."


def check_models() -> Iterator[Finding]:
    with asyncio.Runner() as runner:  # one loop for all: connections are kept for it, and closed in it
        for deployment in deployments():
            yield runner.run(_check_model(deployment.model))
        if settings.AI_EMBEDDING_MODEL:
            yield runner.run(_check_embeddings())
        else:
            yield ok("embeddings", "AI_EMBEDDING_MODEL is not set")
        if settings.AI_MODERATION_MODEL:
            yield runner.run(_check_moderation())
        runner.run(_close())


async def _close() -> None:
    """Hang up; else aiohttp complains of open connections when the process ends."""
    await engine().aclose()
    await close_clients()


async def _check_model(model: str) -> Finding:
    subject = f"model {model}"
    request = ChatRequest(models=(model,), messages=(ChatMessage("user", PROMPT),), max_tokens=MAX_TOKENS)
    started, times, characters = time.monotonic(), [], 0
    try:
        async with aclosing(stream(request)) as items:
            async for item in items:
                if isinstance(item, Delta):
                    times.append(time.monotonic() - started)
                    characters += len(item.text)
    except InterlineError as error:
        return failed(subject, error.message, REACH_ADVICE if error.retryable else KEY_ADVICE)
    if not times:
        return warning(
            subject,
            f"answered without text within {MAX_TOKENS} tokens",
            "A model that thinks first needs more tokens than short requests give it; choose another AI_FAST_MODEL.",
        )
    first, whole = times[0], times[-1]
    detail = f"first token after {first:.2f} s, {len(times)} pieces in {whole:.2f} s"
    if is_demo(model):
        return warning(subject, f"{detail}; it is the demo model and knows nothing", "Set AI_MODEL and its key.")
    if first >= HELD_BACK_SECONDS and whole - first < first * HELD_BACK_SHARE:
        return warning(
            subject,
            f"{detail}: the answer came all at once",
            "Something between here and the model gathers the answer (a gateway or proxy); turn its buffering off.",
        )
    if first > SLOW_SECONDS:
        return warning(subject, f"{detail}: people wait long", "Choose a faster model, at least for AI_FAST_MODEL.")
    return ok(subject, detail)


async def _check_embeddings() -> Finding:
    subject = f"embeddings {settings.AI_EMBEDDING_MODEL}"
    started = time.monotonic()
    try:
        (vector,) = await embed(["The heron waits where the river bends."])
    except InterlineError as error:
        return failed(subject, error.message, REACH_ADVICE if error.retryable else KEY_ADVICE)
    return ok(subject, f"{len(vector)} dimensions, {time.monotonic() - started:.2f} s")


async def _check_moderation() -> Finding:
    subject = f"moderation {settings.AI_MODERATION_MODEL}"
    started = time.monotonic()
    try:
        await classify(["The heron waits where the river bends."], seconds=settings.MODERATION_MODEL_SECONDS)
    except InterlineError as error:
        return failed(subject, error.message, REACH_ADVICE if error.retryable else KEY_ADVICE)
    return ok(subject, f"{time.monotonic() - started:.2f} s")
