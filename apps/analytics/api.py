"""REST: figures and experiments, for staff who may see the dashboard; with an API key's scope `analytics:read` too."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema

from apps.accounts.authentication import ANALYTICS, caller
from apps.analytics import figures, trials
from apps.analytics.files import as_file
from apps.analytics.models import Experiment
from apps.analytics.tables import TABLES, Row, rows_of
from apps.core.errors import Forbidden, NotFound

router = Router(auth=ANALYTICS, tags=["analytics"])

PERMISSION = "analytics.view_dashboard"
EXPERIMENTS_MAX = 100
CSV = {"text/csv": {"schema": {"type": "string"}}}


class Asked(Schema):
    """What is looked at: a period, by hour up to 7d and by day above; and of it only what fits the filters."""

    period: Literal["24h", "7d", "30d", "90d"] = "7d"
    action: str = ""
    model: str = ""
    tier: str = ""
    prompt_version: str = ""

    def choice(self, by: str = "action") -> figures.Choice:
        return figures.Choice.of({**self.dict(), "by": by})


class FiguresOutput(Schema):
    """`totals` of the whole period; `series` by hour or day, and `breakdown` by value of `by`, likewise."""

    period: str
    by: str
    totals: dict[str, Any]
    series: list[dict[str, Any]]
    breakdown: list[dict[str, Any]]


class EventsOutput(Schema):
    """Events of a kind in an hour or a day. `peak`: the largest amount of one; `seconds`: their sum."""

    starts_at: datetime
    kind: str
    subject: str
    code: str
    events: int
    amount: int
    peak: int
    seconds: float


class KeptTextOutput(Schema):
    """What still stood of accepted text at `age`, by the hour or day in which it was accepted; in characters."""

    accepted_at: datetime
    age: Literal["1h", "24h", "7d"]
    answers: int
    untouched_answers: int
    accepted_characters: int
    kept_characters: int
    kept_share: float | None


class CohortOutput(Schema):
    """Of the `people` who joined in a week (its Monday), how many used the assistant so many weeks later."""

    week: date
    age_weeks: int
    people: int
    active: int
    active_share: float | None


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
        raise Forbidden("The analytics are for staff with the permission to see them.")


@router.get("/figures", response=FiguresOutput)
def read_figures(
    request: HttpRequest,
    asked: Query[Asked],
    by: Literal["action", "model", "tier", "prompt_version", "experiment", "arm"] = "action",
) -> Any:
    """What the dashboard shows of answers: times in milliseconds, shares of 1, null of nothing."""
    _check(request)
    choice = asked.choice(by)
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


@router.get("/events", response=list[EventsOutput])
def read_events(request: HttpRequest, asked: Query[Asked]) -> list[Row]:
    """Sockets opened, closed (`code`: why) and resumed, failures by code, and what was live at once."""
    _check(request)
    return list(rows_of(TABLES["events"], asked.choice()))


@router.get("/kept-text", response=list[KeptTextOutput])
def read_kept_text(request: HttpRequest, asked: Query[Asked]) -> list[Row]:
    """How much of accepted text still stands an hour, a day and a week later."""
    _check(request)
    return list(rows_of(TABLES["kept-text"], asked.choice()))


@router.get("/cohorts", response=list[CohortOutput])
def read_cohorts(request: HttpRequest) -> list[Row]:
    """Who stays, by the week in which people joined."""
    _check(request)
    return list(rows_of(TABLES["cohorts"], figures.Choice()))


@router.get(
    "/files/{table}",
    response={200: Any},
    openapi_extra={"responses": {200: {"description": "The table.", "content": CSV}}},
)
def read_file(
    request: HttpRequest, table: Literal["answers", "events", "kept-text", "cohorts"], asked: Query[Asked]
) -> StreamingHttpResponse:
    """The same as CSV, a line for each hour or day and kind."""
    _check(request)
    return as_file(table, asked.choice())


@router.get("/experiments", response=list[ExperimentOutput])
def list_experiments(request: HttpRequest) -> Any:
    """Every experiment, the latest first."""
    _check(request)
    return [_experiment(one) for one in Experiment.objects.all()[:EXPERIMENTS_MAX]]


@router.get("/experiments/{experiment_name}", response=ExperimentOutput)
def read_experiment(request: HttpRequest, experiment_name: str) -> Any:
    """How the arms of an experiment do since its start, control first."""
    _check(request)
    experiment = Experiment.objects.filter(name=experiment_name).first()
    if experiment is None:
        raise NotFound("There is no such experiment.")
    return _experiment(experiment)


def _experiment(experiment: Experiment) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "action": experiment.action,
        "state": experiment.state,
        "why_ended": experiment.why_ended,
        "arms": trials.results(experiment),
    }
