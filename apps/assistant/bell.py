"""The bell that tells the generators of a new generation. It may be lost: a sweep rings again (`tasks`)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import redis
from django.db import transaction

from apps.assistant import jobs
from apps.assistant.advance import copy_of
from apps.assistant.models import Generation
from apps.core.servers import InThread, Servers

logger = logging.getLogger(__name__)


@asynccontextmanager
async def ringing(servers: Servers, generation: Generation, row: Mapping[str, Any]) -> AsyncIterator[None]:
    """Ring once it is committed; on the loop while it is: whoever hears it waits for the commit (see claims).

    `row`: what each of its columns is stored as.
    """
    if isinstance(servers, InThread):
        transaction.on_commit(partial(_ring, generation))
        yield
    else:
        ringing = asyncio.create_task(_ring_on_loop(generation, copy_of(row)))
        await asyncio.sleep(0)  # it is on its way while the statements are put together
        try:
            yield
        finally:
            await ringing
        logger.info("generation.queued", extra=_facts(generation))


def _ring(generation: Generation) -> None:
    logger.info("generation.queued", extra=_facts(generation))
    with _surviving(generation):
        jobs.enqueue(generation.pk)


async def _ring_on_loop(generation: Generation, copy: str | None) -> None:
    with _surviving(generation):
        await jobs.enqueue_on_loop(generation.pk, copy)


@contextmanager
def _surviving(generation: Generation) -> Iterator[None]:
    """A bell that fails is rung by the sweep."""
    try:
        yield
    except (redis.RedisError, OSError):
        logger.warning("generation.not_rung", extra=_facts(generation))


def _facts(generation: Generation) -> dict[str, str]:
    return {"generation": str(generation.pk), "document": str(generation.document_id), "action": generation.action}
