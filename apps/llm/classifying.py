"""The moderation model: texts in, the categories out that it finds in them. Free of litellm until it is asked.

It writes nothing, and OpenAI bills nothing for what it reads: no quota is charged with it and the ledger has no row for
it. What it reads is counted (`interline_moderation_model_characters_total`).
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings

from apps.core.errors import InterlineError
from apps.llm import metrics
from apps.llm.errors import ProviderMisconfigured, ProviderTimeout, ProviderUnavailable

logger = logging.getLogger(__name__)

_alone = threading.Lock()
_runner = asyncio.Runner()

REFUSED_STATUS = (400, 401, 403, 404, 422)


@dataclass(frozen=True)
class Category:
    """A category of the provider's, e.g. `violence`, with how sure it is (0 to 1), and the piece it was found in."""

    name: str
    score: float
    text: str


async def classify(texts: Iterable[str], *, seconds: float) -> list[Category]:
    """Return every category that AI_MODERATION_MODEL finds, once each, surest first.

    Long texts go in pieces, AI_MODERATION_MAX_CHARACTERS in all. Raises an InterlineError, within `seconds`.
    """
    pieces = pieces_of(texts)
    if not pieces:
        return []
    _load()
    started, outcome = time.monotonic(), "done"
    try:
        async with asyncio.timeout(seconds):
            answer = await _ask(pieces)
        return found_in(answer, pieces)
    except Exception as error:
        failure = _translated(error)
        outcome = failure.code
        # Not the provider's own words: they may have the text in them.
        logger.warning("llm.not_classified", extra={"code": failure.code, "kind": type(error).__name__})
        raise failure from None
    finally:
        model = settings.AI_MODERATION_MODEL
        metrics.CLASSIFIED.labels(model, outcome).inc()
        metrics.CLASSIFIED_CHARACTERS.labels(model).inc(sum(map(len, pieces)))
        metrics.CLASSIFYING.labels(model).observe(time.monotonic() - started)


def classify_now(texts: Iterable[str], *, seconds: float) -> list[Category]:
    """As `classify`, for who has no event loop. One loop serves all calls: litellm's connections belong to one."""
    with _alone:
        return _runner.run(classify(texts, seconds=seconds))


def pieces_of(texts: Iterable[str]) -> list[str]:
    """Return `texts` as the model takes them; where they are too long, the ends of them."""
    size, left, pieces = settings.AI_MODERATION_PIECE_CHARACTERS, settings.AI_MODERATION_MAX_CHARACTERS, []
    for text in texts:
        if not text.strip() or left <= 0:
            continue
        kept = text[-left:]
        left -= len(kept)
        pieces += [kept[start : start + size] for start in range(0, len(kept), size)]
    return pieces


def _load() -> None:
    """Import litellm: seconds and 170 MB, only where a moderation model is set, and not on its clock."""
    from apps.llm import engine  # noqa: F401, PLC0415  (sets litellm up)


async def _ask(pieces: list[str]) -> Any:
    import litellm  # noqa: PLC0415  (see `_load`)

    named = _named_address()
    _, provider, key, base = litellm.get_llm_provider(model=settings.AI_MODERATION_MODEL, **named)
    address = {"api_base": named.get("api_base") or base, "api_key": named.get("api_key") or key}
    if provider == "openai":
        address["api_base"] = address["api_base"] or _openai_base()
    elif not address["api_key"]:
        # litellm would send the key for OpenAI there.
        raise ProviderMisconfigured("The moderation model's provider has no key here.")
    return await litellm.amoderation(
        input=pieces,  # one result each
        model=settings.AI_MODERATION_MODEL,
        **{name: value for name, value in address.items() if value},
    )


def _named_address() -> dict[str, str]:
    """AI_API_BASE and AI_API_KEY belong to AI_MODEL, and to a moderation model of the same provider."""
    if settings.AI_MODERATION_MODEL.partition("/")[0] != settings.AI_MODEL.partition("/")[0]:
        return {}
    given = {"api_base": settings.AI_API_BASE, "api_key": settings.AI_API_KEY}
    return {name: value for name, value in given.items() if value}


def _openai_base() -> str | None:
    """Return where OpenAI's models are, as litellm's other calls find it; this one does not look."""
    return os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")


def found_in(answer: Any, pieces: Sequence[str]) -> list[Category]:
    """Return what an answer names: the categories that the provider says apply."""
    names = _names()
    surest: dict[str, Category] = {}
    for result, piece in zip(answer.results, pieces, strict=True):
        scores = {names.get(name, name): score for name, score in (result.category_scores or {}).items()}
        named = {names.get(name, name) for name, is_it in (result.categories or {}).items() if is_it}
        for name in named:
            score = min(1.0, max(0.0, float(scores.get(name) or 0.0)))
            if name not in surest or score > surest[name].score:
                surest[name] = Category(name, score, piece)
    return sorted(surest.values(), key=lambda one: (-one.score, one.name))


@cache
def _names() -> dict[str, str]:
    """Return the categories' own names, e.g. `sexual/minors`, by those that litellm hands on (`sexual_minors`)."""
    from openai.types.moderation import Categories  # noqa: PLC0415  (as litellm)

    return {name: field.alias for name, field in Categories.model_fields.items() if field.alias}


def _translated(error: Exception) -> InterlineError:
    status = getattr(error, "status_code", None)
    if isinstance(error, InterlineError):
        return error
    if isinstance(error, TimeoutError) or status == HTTPStatus.REQUEST_TIMEOUT:
        return ProviderTimeout("The moderation model did not answer in time.")
    if status in REFUSED_STATUS:
        return ProviderMisconfigured("The moderation model's provider did not accept the key, the name or the request.")
    return ProviderUnavailable("The moderation model cannot be reached.")
