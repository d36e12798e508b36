"""What models cost: AI_MODEL_PRICES, else litellm's own list, read as a file: importing litellm takes seconds."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

PRICE_LIST = "model_prices_and_context_window_backup.json"
PER = 1_000_000


def price_of(model: str) -> tuple[float, float] | None:
    """Return US dollars per token of prompt and of answer; None where nobody has said."""
    named = settings.AI_MODEL_PRICES.get(model)
    if named is not None:
        return named[0] / PER, named[1] / PER
    listed = _list()
    entry = listed.get(model) or listed.get(model.partition("/")[2])
    if not entry or "input_cost_per_token" not in entry:
        return None
    return float(entry["input_cost_per_token"]), float(entry.get("output_cost_per_token") or 0.0)


@cache
def _list() -> dict[str, Any]:
    found = find_spec("litellm")
    if found is None or not found.submodule_search_locations:
        return {}
    path = Path(found.submodule_search_locations[0]) / PRICE_LIST
    return json.loads(path.read_text()) if path.exists() else {}
