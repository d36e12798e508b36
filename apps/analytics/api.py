"""REST: figures and experiments, for staff who may see the dashboard."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from apps.accounts.authentication import BROWSER_ONLY, caller
from apps.analytics import figures, trials
from apps.analytics.models import Experiment
from apps.core.errors import NotFound

router = Router(auth=BROWSER_ONLY, tags=["analytics"])

PERMISSION = "analytics.view_dashboard"


class FiguresOutput(Schema):
    """`totals` of the whole period; `series` by hour or day, and `breakdown` by value of `by`, likewise."""

    period: str
    by: str
    totals: dict[str, Any]
    series: list[dict[str, Any]]
    breakdown: list[dict[str, Any]]


class IntervalOutput(Schema):
    middle: float
    low: float
    high: float


class ArmOutput(Schema):
    """Intervals have 95 % confidence. `slowdown`: first tokens' times as a multiple of control's."""

    arm: str
    answers: int
    errors: int
    error_share: IntervalOutput | None
    acceptance: IntervalOutput | None
    slowdown: IntervalOutput | None


class ExperimentOutput(Schema):
    name: str
    action: str
    state: str
    why_ended: str
    arms: list[ArmOutput]


def _check(request: HttpRequest) -> None:
    person = caller(request)
    if not (person.is_staff and person.has_perm(PERMISSION)):
        raise NotFound("There is no such page.")


@router.get("/figures", response=FiguresOutput)
def read_figures(
    request: HttpRequest,
    period: str = "7d",
    by: str = "action",
    action: str = "",
    model: str = "",
    tier: str = "",
    prompt_version: str = "",
) -> Any:
    """What the dashboard shows: `period` 24h, 7d, 30d or 90d; times in milliseconds, shares of 1, null of nothing."""
    _check(request)
    asked = {"action": action, "model": model, "tier": tier, "prompt_version": prompt_version}
    choice = figures.Choice.of({"period": period, "by": by, **asked})
    board = figures.read(choice)
    return {
        "period": choice.period,
        "by": choice.by,
        "totals": board.totals.as_json(),
        "series": [
            {"starts_at": at.isoformat(), **board.series[at].as_json()} for at in board.slots if at in board.series
        ],
        "breakdown": [{choice.by: value, **totals.as_json()} for value, totals in board.table],
    }


@router.get("/experiments/{experiment_name}", response=ExperimentOutput)
def read_experiment(request: HttpRequest, experiment_name: str) -> Any:
    """How the arms of an experiment do since its start, control first."""
    _check(request)
    experiment = Experiment.objects.filter(name=experiment_name).first()
    if experiment is None:
        raise NotFound("There is no such experiment.")
    return {
        "name": experiment.name,
        "action": experiment.action,
        "state": experiment.state,
        "why_ended": experiment.why_ended,
        "arms": trials.results(experiment),
    }
