"""Experiments, where people meet them: an arm's prompt and model answer, and errors give everybody the usual again."""

import re
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.analytics import trials
from apps.analytics.experiments import CONTROL, share_of
from apps.analytics.models import Arm, Experiment
from apps.assistant.models import Generation
from apps.llm.models import Route
from apps.llm.routing import tell_changed
from apps.moderation.models import AuditRecord
from tests.assistant.clients import AssistantClient
from tests.assistant.conftest import House
from tests.processes import wait_until

FAULTY = "openai/candidate;fault=500"
JUDGE = "from apps.analytics.tasks import judge_experiments; judge_experiments.delay()"


@pytest.fixture(autouse=True)
def _as_usual_afterwards(house: House) -> Iterator[None]:
    """The processes are shared, and hear of what is ended, not of what is flushed."""
    yield
    for experiment in Experiment.objects.all():
        trials.stop(experiment, "The test is over.")
    Route.objects.all().delete()
    tell_changed()


def make(inside: User, outside: User, *, action: str, **arm: object) -> Experiment:
    """Make an experiment with `inside` in its arm, and `outside` in none."""
    name = next(
        f"try-{number}"
        for number in range(1_000)
        if share_of(inside.pk, f"try-{number}") < 0.5 <= share_of(outside.pk, f"try-{number}")
    )
    experiment = Experiment.objects.create(name=name, action=action, max_errors_per_minute=3)
    Arm.objects.create(experiment=experiment, name="canary", percent=50, **arm)
    return experiment


def ask(client: AssistantClient, action: str) -> tuple[str, Generation]:
    """Return how a generation ended, and its row."""
    selects = action in ("shorten", "expand")
    text = {"selection": "It was a very long day indeed."} if selects else {"text_before": "It was late. "}
    generation = client.generate(action=action, input=text)
    end = client.hear_end(generation)
    return end["type"], Generation.objects.get(pk=generation)


def ask_within(client: AssistantClient, action: str, arm: str) -> tuple[str, Generation]:
    """Ask until the web process has heard of a change."""

    def asked() -> tuple[str, Generation] | None:
        end, row = ask(client, action)
        return (end, row) if row.arm == arm else None

    found: tuple[str, Generation] = wait_until(asked, what=f"somebody in {arm!r}")
    return found


def test_a_canary_is_rolled_back_by_errors_and_everybody_gets_the_usual_again(house: House, settings: Settings) -> None:
    settings.AI_MODEL, settings.AI_FALLBACK_MODELS = "openai/test", (FAULTY,)
    alice, bob = house.join(house.alice), house.join(house.bob)
    experiment = make(house.alice, house.bob, action="continue", model=FAULTY)
    trials.start(experiment)

    end, first = ask_within(alice, "continue", "canary")
    assert (end, first.model, first.experiment) == ("failed", FAULTY, experiment.name)
    assert ask_within(bob, "continue", CONTROL)[0] == "done"
    for _ in range(2):
        assert ask(alice, "continue")[0] == "failed"

    experiment.refresh_from_db()
    assert experiment.state == Experiment.State.ROLLED_BACK
    assert "3 errors in a minute" in experiment.why_ended
    assert AuditRecord.objects.filter(action="experiment.rolled_back").exists()
    end, after = ask_within(alice, "continue", "")
    assert (end, after.model, after.experiment) == ("done", "openai/test", "")
    results = {result.arm: result for result in trials.results(experiment)}
    assert results["canary"].errors == results["canary"].answers == 3
    assert results[CONTROL].errors == 0


def test_an_arm_asks_with_its_own_prompt_and_a_person_stays_in_it(house: House) -> None:
    alice = house.join(house.alice)
    trials.start(make(house.alice, house.bob, action="shorten", prompt_version="shorten-2"))
    ask_within(alice, "shorten", "canary")
    rows = [ask(alice, "shorten")[1] for _ in range(3)]
    assert {(row.arm, row.prompt_version) for row in rows} == {("canary", "shorten-2")}
    assert "what the passage is there to say" in house.provider.requests[-1].body["messages"][0]["content"]


def test_what_an_experiment_names_has_to_be_there(house: House) -> None:
    experiment = make(house.alice, house.bob, action="shorten", prompt_version="shorten-99")
    Arm.objects.create(experiment=experiment, name="more", percent=60, model="openai/unheard-of")
    with pytest.raises(ValidationError) as refused:
        trials.start(experiment)
    said = " ".join(refused.value.messages)
    assert "no prompt shorten-99" in said
    assert "no model openai/unheard-of" in said
    assert "more than 100 %" in said
    assert Experiment.objects.get().state == Experiment.State.DRAFT


def test_a_canary_beside_a_stored_route_is_judged_by_the_worker_and_shown_with_its_intervals(house: House) -> None:
    """Its model fails, and the route's other model answers: people have their text, and the arm has the error."""
    for action, models in (("expand", ["openai/routed"]), ("outline", [FAULTY])):
        route = Route.objects.create(action=action, fallbacks=["openai/second"])
        for model in models:
            route.models.create(model=model)
    tell_changed()
    experiment = make(house.alice, house.bob, action="expand", model=FAULTY)
    Experiment.objects.update(min_answers=10, max_errors_per_minute=1_000)
    experiment.refresh_from_db()
    trials.start(experiment)
    alice, bob = house.join(house.alice), house.join(house.bob)
    _, first = ask_within(alice, "expand", "canary")
    rows = [first, *(ask(alice, "expand")[1] for _ in range(9))]
    assert {(row.state, row.model, row.arm) for row in rows} == {("done", "openai/second", "canary")}
    assert {tuple(one["model"] for one in row.attempts) for row in rows} == {(FAULTY, "openai/second")}
    _, usual = ask_within(bob, "expand", CONTROL)
    assert (usual.model, [one["model"] for one in usual.attempts]) == ("openai/routed", ["openai/routed"])

    worker = house.processes.worker(**house.environment)
    house.processes.command("shell", "-v0", "-c", JUDGE, **house.environment)
    wait_until(lambda: Experiment.objects.get().state == "rolled_back", seconds=60, what="the judgement")
    worker.stop()
    assert "errors" in Experiment.objects.get().why_ended
    assert AuditRecord.objects.get(action="experiment.rolled_back").actor is None
    end, after = ask_within(alice, "expand", "")
    assert (end, after.model, after.experiment) == ("done", "openai/routed", "")

    admin = Client()
    admin.force_login(User.objects.create(email="root@example.org", is_staff=True, is_superuser=True))
    page = admin.get(f"/admin/analytics/experiment/{experiment.pk}/change/").content.decode()
    assert "Rolled back" in page
    assert re.search(r"100 % <span class=\"quiet\">\(72 to 100\)", page)  # Wilson's interval of 10 in 10
