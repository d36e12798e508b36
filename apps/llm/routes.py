"""Which models there are and which answers what. Free of litellm: web processes ask it too."""

from dataclasses import dataclass

from django.conf import settings

DEMO_MODEL = "interline/demo"


@dataclass(frozen=True)
class TimeLimits:
    """How long a model may take: until its first token (all tries together), between two, and for its whole answer."""

    first_token_seconds: float
    between_tokens_seconds: float
    whole_seconds: float


@dataclass(frozen=True)
class Deployment:
    """A model with where and how to reach it; empty: as litellm finds in the provider's own variables."""

    model: str
    limits: TimeLimits
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
    return [find_deployment(model) for model in dict.fromkeys(named)]


def find_deployment(model: str) -> Deployment:
    if model == settings.AI_MODEL:
        return Deployment(model, time_limits(model), settings.AI_API_BASE, settings.AI_API_KEY)
    return Deployment(model, time_limits(model))


def time_limits(model: str) -> TimeLimits:
    """Return `model`'s own limits, or those of every model."""
    first, between, whole = settings.AI_MODEL_TIMEOUTS.get(
        model,
        (
            settings.AI_FIRST_TOKEN_TIMEOUT_SECONDS,
            settings.AI_TOKEN_TIMEOUT_SECONDS,
            settings.AI_STREAM_TIMEOUT_SECONDS,
        ),
    )
    return TimeLimits(first, between, whole)
