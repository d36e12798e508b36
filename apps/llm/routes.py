"""Which models there are and which answers what. Free of litellm: web processes ask it too.

What administrators store (`apps.llm.models`) counts before what the environment says.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.llm.routing import table

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
    """Say whether `model` is the built-in one, which needs no provider."""
    return model == DEMO_MODEL


def is_local(model: str) -> bool:
    """Say whether `model` runs in this installation: the built-in one, and those that settings or a route say so of."""
    return is_demo(model) or model in settings.AI_LOCAL_MODELS or model in table().local


@dataclass(frozen=True)
class Choice:
    """How a request is answered: by the first of `models`, by the next where that fails, within these limits.

    `charged_percent`: how many tokens of a hundred count. No limit: None.
    """

    models: tuple[str, ...]
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    charged_percent: int = 100

    @property
    def model(self) -> str:
        return self.models[0]


def _everything(_model: str) -> bool:
    return True


def choose(
    action: str,
    tier: str,
    *,
    wanted: str | None = None,
    fast: bool = False,
    smaller: bool = False,
    allows: Callable[[str], bool] = _everything,
    chance: Callable[[], float] = random.random,
) -> Choice | None:
    """Return which models answer `action` for people of `tier`, by weight; None where `allows` has none of them.

    `wanted`: the model somebody asked for. `fast`: prefer the one for small requests, where no route is stored.
    `smaller`: the route that is offered when tokens run out; None where there is none. Asks the database nothing.
    """
    stored = table().find(action, tier, smaller=smaller)
    if stored is None:
        return None if smaller else _from_environment(action, wanted, fast, allows)
    allowed = [(model, weight) for model, weight in stored.weights if allows(model)]
    if wanted:
        first = wanted if allows(wanted) else None
    else:
        first = _pick(allowed, chance()) or _first_allowed(stored.models, allows)
    if first is None:
        return None
    fallbacks = stored.fallbacks or settings.AI_FALLBACK_MODELS
    return Choice(
        tuple(dict.fromkeys([first, *filter(allows, fallbacks)])),
        stored.max_input_tokens,
        stored.max_output_tokens,
        stored.charged_percent,
    )


def _pick(weights: Iterable[tuple[str, int]], point: float) -> str | None:
    """Return the model at `point` (0 to 1) of all weights laid side by side."""
    weights = list(weights)
    left = point * sum(weight for _, weight in weights)
    for model, weight in weights:
        left -= weight
        if left < 0:
            return model
    return weights[-1][0] if weights else None


def _first_allowed(models: Iterable[str], allows: Callable[[str], bool]) -> str | None:
    return next(filter(allows, models), None)


def _from_environment(action: str, wanted: str | None, fast: bool, allows: Callable[[str], bool]) -> Choice | None:
    usual = models_for(action, wanted, fast=fast)
    if allows(usual[0]):
        return Choice((usual[0], *filter(allows, usual[1:])))
    others = () if wanted else (one.model for one in deployments())
    first = _first_allowed(others, allows)
    return Choice(tuple(dict.fromkeys([first, *filter(allows, usual[1:])]))) if first else None


def models_for(action: str, wanted: str | None = None, *, fast: bool = False) -> tuple[str, ...]:
    """Return the models of the environment for an action, the first choice first."""
    first = wanted or settings.AI_ACTION_MODELS.get(action) or (settings.AI_FAST_MODEL if fast else settings.AI_MODEL)
    return tuple(dict.fromkeys([first, *settings.AI_FALLBACK_MODELS]))


def cost_of(attempts: Iterable[Mapping[str, Any]]) -> Decimal | None:
    """Return what the requests to providers cost, by the prices of their models; None where one has no price.

    `attempts`: mappings with `model`, `prompt_tokens` and `completion_tokens`.
    """
    total, prices = Decimal(0), table().prices
    for one in attempts:
        price = prices.get(one["model"])
        if price is None:
            return None
        total += (one["prompt_tokens"] * price[0] + one["completion_tokens"] * price[1]) / 1_000_000
    return total


def deployments() -> list[Deployment]:
    """Return every model the settings and the routes name, once. `AI_API_BASE` and `AI_API_KEY` are `AI_MODEL`'s."""
    named = [
        settings.AI_MODEL,
        settings.AI_FAST_MODEL,
        *settings.AI_ACTION_MODELS.values(),
        *settings.AI_FALLBACK_MODELS,
        *(model for route in table().routes.values() for model in route.models),
    ]
    return [find_deployment(model) for model in dict.fromkeys(named)]


def find_deployment(model: str) -> Deployment:
    """Return where `model` is asked and how long it may take. Only AI_MODEL has an address and a key of its own."""
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
