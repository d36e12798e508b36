"""What the moderation model finds, and what is done about it by the settings."""

from collections.abc import Iterable

from django.conf import settings

from apps.llm.classifying import Category, classify
from apps.moderation.redaction import Finding

PASS = "pass"  # noqa: S105  (what is done, no password)


def is_set() -> bool:
    return bool(settings.AI_MODERATION_MODEL)


def is_closed() -> bool:
    """Say whether nothing may pass that the model could not look at."""
    return bool(settings.MODERATION_MODEL_FAILURE == "closed")


async def found_by_model(texts: Iterable[str], *, seconds: float) -> list[Finding]:
    """Return what the moderation model finds in `texts`. Raises an InterlineError where it does not answer in time."""
    return findings_of(await classify(texts, seconds=seconds))


def findings_of(categories: Iterable[Category]) -> list[Finding]:
    """Return what is to be done about the model's categories."""
    return [
        Finding(one.name, action, source="model", score=one.score, text=one.text)
        for one in categories
        if (action := _action(one.name)) != PASS
    ]


def _action(category: str) -> str:
    """Return what is done about a category: what is said of it, else of what it is part of (`sexual/minors`)."""
    said = settings.MODERATION_MODEL_ACTIONS
    action: str = said.get(category) or said.get(category.partition("/")[0]) or settings.MODERATION_MODEL_ACTION
    return action
