"""How much a model takes, as litellm's list knows it. Imports litellm: for generators only."""

from collections.abc import Iterable
from functools import cache

import litellm


@cache
def context_tokens(model: str) -> int | None:
    """Return how many tokens of prompt and answer `model` takes together; None for one that litellm does not know."""
    try:
        known = litellm.get_model_info(model)
    except Exception:  # litellm raises a plain one
        return None
    tokens = known.get("max_input_tokens") or known.get("max_tokens")
    return int(tokens) if tokens else None


def smallest_context(models: Iterable[str]) -> int | None:
    """Return what every one of `models` takes, as far as it is known: any of them may have to answer."""
    return min(filter(None, map(context_tokens, models)), default=None)
