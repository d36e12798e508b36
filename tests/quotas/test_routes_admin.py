"""Routes and prices in the administration: what is refused, what is in force at once, what is written down."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from apps.accounts.models import User
from apps.llm.models import Price, Route
from apps.llm.routes import DEMO_MODEL, choose, cost_of
from apps.moderation.models import AuditRecord
from apps.quotas.models import Tier
from tests.cast import browser_of

pytestmark = pytest.mark.django_db(transaction=True)

ADD_ROUTE, ADD_PRICE = "/admin/llm/route/add/", "/admin/llm/price/add/"


@pytest.fixture
def root(tiers: dict[str, Tier]) -> Client:
    return browser_of(User.objects.create_superuser("root@example.com"))


def route(*models: str, weight: int = 1, **fields: object) -> dict[str, object]:
    """Return the form of a route."""
    rows = {
        f"models-{at}-{name}": value
        for at, model in enumerate(models)
        for name, value in {"model": model, "weight": weight}.items()
    }
    counts = {"models-TOTAL_FORMS": len(models), "models-INITIAL_FORMS": 0}
    return {"action": "continue", "tier": "", "enabled": "on", "charged_percent": 100, **rows, **counts, **fields}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (route(), "A route needs a model."),
        (route(DEMO_MODEL, weight=0), "greater than or equal to 1"),
        (route(DEMO_MODEL, charged_percent=101), "less than or equal to 100"),
        (route(DEMO_MODEL, max_output_tokens=0), "greater than or equal to 1"),
        (route(DEMO_MODEL, action="dance"), "Select a valid choice"),
        (route(DEMO_MODEL, DEMO_MODEL), "duplicate"),
        (route("nosuch/thing"), "litellm knows no provider for nosuch/thing"),
    ],
)
def test_a_route_that_cannot_work_is_refused_with_the_reason(root: Client, form: dict[str, object], words: str) -> None:
    answer = root.post(ADD_ROUTE, form)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Route.objects.exists()


def test_a_route_is_in_force_at_once_until_it_is_deleted_and_all_is_written_down(root: Client) -> None:
    assert choose("continue", "free", smaller=True) is None
    form = route(DEMO_MODEL, is_smaller="on", charged_percent=25, tier="free")
    assert root.post(ADD_ROUTE, form).status_code == 302
    chosen = choose("continue", "free", smaller=True)
    assert chosen is not None
    assert (chosen.model, chosen.charged_percent) == (DEMO_MODEL, 25)
    assert choose("continue", "pro", smaller=True) is None
    assert "There is such a route already." in root.post(ADD_ROUTE, form).content.decode()
    listed = root.get("/admin/llm/route/?is_smaller__exact=1").content.decode()
    assert "continue, free (smaller model)" in listed
    stored = Route.objects.get()
    path = f"/admin/llm/route/{stored.pk}/delete/"
    assert "Are you sure" in root.get(path).content.decode()
    assert Route.objects.exists()
    root.post(path, {"post": "yes"})
    assert choose("continue", "free", smaller=True) is None
    assert LogEntry.objects.filter(object_repr=str(stored)).count() == 2
    written = AuditRecord.objects.filter(target_id=str(stored.pk), target_kind__contains="route")
    assert written.count() == 2


def test_a_price_is_checked_counts_at_once_and_is_written_down(root: Client) -> None:
    used = [{"model": DEMO_MODEL, "prompt_tokens": 1_000_000, "completion_tokens": 500_000}]
    price = {"model": DEMO_MODEL, "input_price": "2.5", "output_price": "10"}
    assert "greater than or equal to 0" in root.post(ADD_PRICE, {**price, "input_price": "-1"}).content.decode()
    assert cost_of(used) is None
    assert root.post(ADD_PRICE, price).status_code == 302
    assert cost_of(used) == Decimal("7.5")
    stored = Price.objects.get()
    root.post(f"/admin/llm/price/{stored.pk}/change/", {**price, "output_price": "20"})
    assert cost_of(used) == Decimal("12.5")
    assert AuditRecord.objects.filter(target_id=str(stored.pk), target_kind__contains="price").count() == 2
