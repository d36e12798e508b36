"""What an experiment's numbers say, and when they end it."""

import math
import random
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.analytics.intervals import Times, slowdown, student, wilson
from apps.analytics.models import Arm, Experiment
from apps.analytics.tasks import judge_experiments
from apps.analytics.trials import results
from apps.assistant.models import State
from apps.documents.models import Document
from tests.analytics.rows import decided, ended, someone

pytestmark = pytest.mark.django_db


def experiment(**limits: float) -> Experiment:
    started = timezone.now() - timedelta(hours=2)
    made = Experiment.objects.create(
        name="try", action="continue", state=Experiment.State.RUNNING, started_at=started, min_answers=20, **limits
    )
    Arm.objects.create(experiment=made, name="canary", percent=10)
    return made


def answers(arm: str, count: int, *, failed: int = 0, seconds: float = 0.25) -> None:
    user, document, at = someone(), Document.objects.create(), timezone.now()
    chance = random.Random(arm)
    for number in range(count):
        first = seconds * chance.lognormvariate(0, 0.2)
        state = {"state": State.FAILED, "error_code": "stalled"} if number < failed else {}
        when = at - timedelta(seconds=2 - first)
        made = ended(user, document, at, experiment="try", arm=arm, first_token_at=when, **state)
        if not state:
            decided(made, "accepted" if number % 2 else "rejected", at)


def test_intervals_are_those_of_the_books() -> None:
    five_of_ten, none_of_ten = wilson(5, 10), wilson(0, 10)
    assert five_of_ten
    assert none_of_ten
    assert (five_of_ten.low, five_of_ten.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert (none_of_ten.low, none_of_ten.high) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) is None
    assert student(0.975, 10) == pytest.approx(2.228, rel=0.001)
    assert student(0.975, 3) == pytest.approx(3.182, rel=0.01)
    twice = slowdown(Times(50, math.log(2), 0.04), Times(50, 0.0, 0.04))
    assert twice
    assert twice.middle == pytest.approx(2)
    assert twice.low < 2 < twice.high
    assert slowdown(Times(1, 0, 0), Times(50, 0, 1)) is None


def test_an_arm_that_surely_fails_too_often_is_rolled_back() -> None:
    running = experiment(max_error_share=0.05)
    answers("control", 40)
    answers("canary", 30, failed=8)
    assert judge_experiments() == 1
    running.refresh_from_db()
    assert running.state == Experiment.State.ROLLED_BACK
    assert "canary: 26.7% errors" in running.why_ended
    control, canary = results(running)
    assert (control.arm, control.errors, canary.errors, canary.answers) == ("control", 0, 8, 30)
    assert (canary.taken, canary.decided) == (11, 22)


def test_an_arm_that_is_surely_slower_is_rolled_back() -> None:
    running = experiment(max_slowdown=1.5)
    answers("control", 40)
    answers("canary", 40, seconds=0.75)
    assert judge_experiments() == 1
    running.refresh_from_db()
    assert "times control's" in running.why_ended


@pytest.mark.parametrize(("count", "failed"), [(15, 10), (40, 2)], ids=["too few to say", "may be chance"])
def test_what_may_be_chance_ends_nothing(count: int, failed: int) -> None:
    experiment(max_error_share=0.05)
    answers("control", 40)
    answers("canary", count, failed=failed)
    assert judge_experiments() == 0
