"""The table of routes and prices, kept in the process: choosing a model asks the database nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.db import OperationalError

from apps.core.kept import Kept, is_on_loop
from apps.llm.models import Price, Route, RouteModel


@dataclass(frozen=True)
class StoredRoute:
    """A route as it is in force. `weights`: models with how often each is chosen."""

    weights: tuple[tuple[str, int], ...]
    fallbacks: tuple[str, ...] = ()
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    charged_percent: int = 100

    @property
    def models(self) -> tuple[str, ...]:
        return (*(model for model, _ in self.weights), *self.fallbacks)


@dataclass(frozen=True)
class Table:
    """Every enabled route by action, tier and whether it is the smaller one; and prices (input, output) by model.

    `local`: the models that routes say run in this installation.
    """

    routes: Mapping[tuple[str, str, bool], StoredRoute] = field(default_factory=dict)
    prices: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    local: frozenset[str] = frozenset()

    def find(self, action: str, tier: str, *, smaller: bool) -> StoredRoute | None:
        """Return the route that says most: of action and tier, of the action, of the tier, of everything."""
        for key in ((action, tier), (action, ""), ("", tier), ("", "")):
            if found := self.routes.get((*key, smaller)):
                return found
        return None


def names_address(model: str) -> bool:
    """Say whether a stored name is a server's address, as some providers of litellm take one; not the environment's.

    Only who runs the installation says where text goes: a form in a browser must not lead into its networks.
    """
    named = [settings.AI_MODEL, settings.AI_FAST_MODEL, *settings.AI_ACTION_MODELS.values()]
    return "://" in model and model not in (*named, *settings.AI_FALLBACK_MODELS)


def _load() -> Table:
    routes = {
        (route.action, route.tier, route.is_smaller): StoredRoute(
            tuple((one.model, one.weight) for one in route.models.all() if not names_address(one.model)),
            tuple(model for model in route.fallbacks if not names_address(model)),
            route.max_input_tokens,
            route.max_output_tokens,
            route.charged_percent,
        )
        for route in Route.objects.filter(enabled=True).prefetch_related("models")
    }
    prices = {price.model: (price.input_price, price.output_price) for price in Price.objects.all()}
    local = RouteModel.objects.filter(is_local=True, route__enabled=True).values_list("model", flat=True)
    return Table({key: route for key, route in routes.items() if route.weights}, prices, frozenset(local))


_kept = Kept("llm.routes", _load)


def tell_changed() -> None:
    """Have every process read the table anew, once the change is committed."""
    _kept.tell_changed()


def table() -> Table:
    """Return the table. On an event loop as it was last read: see `apps.core.kept.all_known`."""
    if is_on_loop():
        return _kept.latest() or Table()
    try:
        return _kept.get()
    except OperationalError:  # before it was ever read: what the environment says can still be told
        return Table()
