"""Which models answer what: by the stored routes, else by the environment."""

from collections import Counter
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from apps.assistant.routing_admin import check_known
from apps.llm.known import unknown_models
from apps.llm.models import Price, Route
from apps.llm.routes import Choice, choose, cost_of, deployments
from apps.llm.routing import tell_changed

pytestmark = pytest.mark.django_db


def store(*models: tuple[str, int] | str, **fields: object) -> Route:
    route = Route.objects.create(**fields)
    for one in models:
        model, weight = one if isinstance(one, tuple) else (one, 1)
        route.models.create(model=model, weight=weight)
    tell_changed()
    return route


@pytest.fixture(autouse=True)
def _environment(settings: Settings) -> None:
    settings.AI_MODEL, settings.AI_FAST_MODEL = "openai/usual", "openai/fast"
    settings.AI_FALLBACK_MODELS, settings.AI_ACTION_MODELS = ["openai/second"], {"grammar": "openai/careful"}


def models(action: str, tier: str = "free", **options: object) -> tuple[str, ...]:
    choice = choose(action, tier, **options)  # type: ignore[arg-type]
    assert choice is not None
    return choice.models


def test_without_routes_the_environment_says() -> None:
    assert models("continue") == ("openai/usual", "openai/second")
    assert models("complete", fast=True) == ("openai/fast", "openai/second")
    assert models("grammar") == ("openai/careful", "openai/second")
    assert models("grammar", wanted="openai/usual") == ("openai/usual", "openai/second")
    assert choose("continue", "free", smaller=True) is None


def test_what_a_tier_does_not_have_is_neither_chosen_nor_fallen_back_to(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    assert choose("continue", "free", allows=lambda model: model == "openai/fast") == Choice(("openai/fast",))
    assert choose("continue", "free", wanted="openai/usual", allows=lambda model: model == "openai/fast") is None
    with django_capture_on_commit_callbacks(execute=True):
        store("a/1", "b/2", action="continue", fallbacks=["c/3", "d/4"])
    allowed = {"b/2", "d/4"}
    assert models("continue", allows=allowed.__contains__) == ("b/2", "d/4")
    assert models("continue", allows={"d/4"}.__contains__) == ("d/4",)
    assert choose("continue", "free", allows=lambda _model: False) is None


def test_the_route_that_says_most_counts(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    with django_capture_on_commit_callbacks(execute=True):
        store("m/all")
        store("m/tier", tier="pro")
        store("m/action", action="grammar", max_output_tokens=9)
        store("m/both", action="grammar", tier="pro")
        store("m/off", action="continue", enabled=False)
        store("m/small", is_smaller=True, charged_percent=10)
    assert models("continue")[0] == "m/all"
    assert models("continue", "pro")[0] == "m/tier"
    assert choose("grammar", "free") == Choice(("m/action", "openai/second"), max_output_tokens=9)
    assert models("grammar", "pro")[0] == "m/both"
    assert choose("grammar", "pro", smaller=True) == Choice(("m/small", "openai/second"), charged_percent=10)
    assert {"m/all", "m/small", "openai/usual"} <= {one.model for one in deployments()}


def test_models_are_chosen_by_weight_alone(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    with django_capture_on_commit_callbacks(execute=True):
        store(("m/half", 2), ("m/quarter", 1), ("m/other", 1))
    points = [step / 400 for step in range(400)]
    chosen = Counter(models("continue", chance=lambda point=point: point)[0] for point in points)
    assert chosen == {"m/half": 200, "m/quarter": 100, "m/other": 100}


def test_costs_are_those_of_every_attempt(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    with django_capture_on_commit_callbacks(execute=True):
        Price.objects.create(model="m/a", input_price="2.5", output_price="10")
        Price.objects.create(model="m/b", input_price="1", output_price="1")
        tell_changed()
    attempts = [
        {"model": "m/a", "prompt_tokens": 1_000, "completion_tokens": 100},
        {"model": "m/b", "prompt_tokens": 10, "completion_tokens": 0},
    ]
    assert cost_of(attempts) == Decimal("0.00351")
    assert cost_of([*attempts, {"model": "m/c", "prompt_tokens": 1, "completion_tokens": 1}]) is None
    assert cost_of([]) == 0


def test_litellm_says_which_names_lead_to_no_provider() -> None:
    assert unknown_models(["openai/gpt-4o", "nosuch/thing", "interline/demo", "ollama/llama3", "plain"]) == [
        "nosuch/thing",
        "plain",
    ]
    assert unknown_models(["interline/demo"]) == []


INSIDE = "huggingface/http://10.0.0.7:8080/generate"  # litellm would call it


def test_a_stored_name_leads_to_no_server_of_its_own(settings: Settings) -> None:
    store(INSIDE, "openai/safe", action="continue", fallbacks=[INSIDE])
    assert choose("continue", "") == Choice(("openai/safe", "openai/second"))
    assert INSIDE not in {one.model for one in deployments()}
    with pytest.raises(ValidationError, match="address"):
        check_known([INSIDE])
    settings.AI_FALLBACK_MODELS = [INSIDE]  # who runs the installation may: a model of one's own network
    tell_changed()
    assert choose("continue", "", wanted=INSIDE, allows=INSIDE.__eq__) == Choice((INSIDE,))
