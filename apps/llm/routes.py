"""Which models there are and which answers what. Free of litellm: web processes ask it too."""

from dataclasses import dataclass

from django.conf import settings

DEMO_MODEL = "interline/demo"


@dataclass(frozen=True)
class Deployment:
    """A model with where and how to reach it; empty: as litellm finds in the provider's own variables."""

    model: str
    api_base: str = ""
    api_key: str = ""


def is_demo(model: str) -> bool:
    return model == DEMO_MODEL


def models_for(action: str, wanted: str | None = None, *, fast: bool = False) -> tuple[str, ...]:
    """Return the models for an action, the first choice first. `fast`: prefer the one for small requests."""
    first = wanted or settings.AI_ACTION_MODELS.get(action) or (settings.AI_FAST_MODEL if fast else settings.AI_MODEL)
    return tuple(dict.fromkeys([first, *settings.AI_FALLBACK_MODELS]))


def deployments() -> list[Deployment]:
    """Return every model the settings name, once. `AI_API_BASE` and `AI_API_KEY` belong to `AI_MODEL`."""
    named = [
        settings.AI_MODEL,
        settings.AI_FAST_MODEL,
        *settings.AI_ACTION_MODELS.values(),
        *settings.AI_FALLBACK_MODELS,
    ]
    return [
        Deployment(model, settings.AI_API_BASE, settings.AI_API_KEY)
        if model == settings.AI_MODEL
        else Deployment(model)
        for model in dict.fromkeys(named)
    ]
