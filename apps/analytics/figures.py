"""What the dashboard, the CSV file and REST say: figures of a time, filtered, as series, totals and tables."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.analytics.histogram import SPEED_SCALE, merge, quantile
from apps.analytics.models import Cohort, EventFigures, GenerationFigures, KeptText, Span

PERIODS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
LENGTHS = {
    "24h": (Span.HOUR, timedelta(hours=24)),
    "7d": (Span.HOUR, timedelta(days=7)),
    "30d": (Span.DAY, timedelta(days=30)),
    "90d": (Span.DAY, timedelta(days=90)),
}
FILTERS = {"action": "Action", "model": "Model", "tier": "Tier", "prompt_version": "Prompt"}
BREAKDOWNS = {**FILTERS, "experiment": "Experiment", "arm": "Arm"}
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
COUNTS = (
    *("done", "failed", "cancelled", "fallbacks", "undecided", "proposed"),
    *("prompt_tokens", "completion_tokens", "cost", "accepted", "edited", "rejected"),
)
ORDERLY = ("normal", "going away", "none", "restarting")  # closed on purpose, by either side


@dataclass(frozen=True)
class Choice:
    """What is looked at. `filters`: a value for some of FILTERS; `by`: one of BREAKDOWNS, for the table."""

    period: str = "7d"
    by: str = "action"
    filters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Choice":
        """Return what a query string asks for; what it asks amiss is left out."""
        period, by = asked.get("period", ""), asked.get("by", "")
        filters = {name: str(asked[name]) for name in FILTERS if asked.get(name)}
        return cls(period if period in PERIODS else "7d", by if by in BREAKDOWNS else "action", filters)

    @property
    def span(self) -> Span:
        return LENGTHS[self.period][0]

    def slots(self, now: datetime) -> list[datetime]:
        """Return the hours or days of the period, the present one last."""
        span, length = LENGTHS[self.period]
        step = timedelta(hours=1) if span == Span.HOUR else timedelta(days=1)
        last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        last = last if span == Span.HOUR else last.replace(hour=0)
        count = int(length / step)
        return [last - step * ago for ago in range(count - 1, -1, -1)]

    def rows(self, now: datetime | None = None) -> QuerySet[GenerationFigures]:
        first = self.slots(now or timezone.now())[0]
        return GenerationFigures.objects.filter(span=self.span, starts_at__gte=first, **self.filters)


@dataclass
class Totals:
    """Sums of figures, and what follows from them. Times in milliseconds, shares of 1; None of nothing."""

    counts: Counter[str] = field(default_factory=Counter)
    first_token: Counter[int] = field(default_factory=Counter)
    whole: Counter[int] = field(default_factory=Counter)
    speed: Counter[int] = field(default_factory=Counter)

    def add(self, row: GenerationFigures) -> None:
        for name in COUNTS:
            self.counts[name] += getattr(row, name)
        for name in ("first_token", "whole", "speed"):
            getattr(self, name).update(merge([getattr(row, name)]))

    @property
    def answers(self) -> int:
        return self.counts["done"] + self.counts["failed"] + self.counts["cancelled"]

    @property
    def taken(self) -> int:
        return self.counts["accepted"] + self.counts["edited"]

    @property
    def error_share(self) -> float | None:
        return _share(self.counts["failed"], self.answers)

    @property
    def fallback_share(self) -> float | None:
        return _share(self.counts["fallbacks"], self.answers)

    @property
    def cancelled_share(self) -> float | None:
        return _share(self.counts["cancelled"], self.answers)

    @property
    def acceptance(self) -> float | None:
        return _share(self.taken, self.taken + self.counts["rejected"])

    @property
    def edited_share(self) -> float | None:
        return _share(self.counts["edited"], self.taken)

    @property
    def abandonment(self) -> float | None:
        return _share(self.counts["undecided"], self.counts["proposed"])

    @property
    def tokens(self) -> int:
        return self.counts["prompt_tokens"] + self.counts["completion_tokens"]

    @property
    def cost(self) -> float:
        return float(self.counts["cost"])

    def time(self, name: str, percentile: str) -> float | None:
        return quantile(getattr(self, name), SHARES[percentile])

    @property
    def tokens_per_second(self) -> float | None:
        found = quantile(self.speed, 0.5)
        return None if found is None else found / SPEED_SCALE

    def as_json(self) -> dict[str, Any]:
        """Return everything by name, for REST and CSV."""
        return {
            "answers": self.answers,
            **{name: self.counts[name] for name in COUNTS if name != "cost"},
            "cost_usd": round(self.cost, 6),
            "error_share": self.error_share,
            "fallback_share": self.fallback_share,
            "cancelled_share": self.cancelled_share,
            "acceptance": self.acceptance,
            "edited_share": self.edited_share,
            "abandonment": self.abandonment,
            "tokens_per_second_p50": self.tokens_per_second,
            **{
                f"{name}_ms_{percentile}": self.time(name, percentile)
                for name in ("first_token", "whole")
                for percentile in SHARES
            },
        }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


@dataclass
class Retention:
    """How much of what was accepted still stands: of `answers`, nobody has touched `untouched`. In characters."""

    answers: int = 0
    untouched: int = 0
    accepted: int = 0
    kept: int = 0

    def add(self, accepted: int, kept: int) -> None:
        self.answers += 1
        self.untouched += kept >= accepted
        self.accepted += accepted
        self.kept += kept

    @property
    def share(self) -> float | None:
        return _share(self.kept, self.accepted)

    @property
    def edited_share(self) -> float | None:
        """Return how many of the answers were changed after they were accepted."""
        return _share(self.answers - self.untouched, self.answers)


@dataclass(frozen=True)
class Board:
    """Everything the dashboard shows. `table`: totals by value of the breakdown, most used first; `use`: their answers.

    `kept`: by age; `kept_by_slot`: by when it was accepted, and age.
    """

    choice: Choice
    slots: list[datetime]
    totals: Totals
    series: dict[datetime, Totals]
    table: list[tuple[str, Totals]]
    events: dict[tuple[str, str, str], dict[datetime, EventFigures]]
    use: dict[str, Counter[datetime]]
    kept: dict[str, Retention]
    kept_by_slot: dict[tuple[datetime, str], Retention]


def read(choice: Choice, now: datetime | None = None) -> Board:
    now = now or timezone.now()
    slots = choice.slots(now)
    totals = Totals()
    series: dict[datetime, Totals] = defaultdict(Totals)
    table: dict[str, Totals] = defaultdict(Totals)
    use: dict[str, Counter[datetime]] = defaultdict(Counter)
    for row in choice.rows(now).iterator():
        totals.add(row)
        series[row.starts_at].add(row)
        table[getattr(row, choice.by)].add(row)
        use[getattr(row, choice.by)][row.starts_at] += row.done + row.failed + row.cancelled
    return Board(
        choice=choice,
        slots=slots,
        totals=totals,
        series=dict(series),
        table=sorted(table.items(), key=lambda one: -one[1].answers),
        events=_events(choice.span, slots[0]),
        use=dict(use),
        kept=_kept(choice, slots[0]),
        kept_by_slot=kept_by_slot(choice, now),
    )


def _events(span: Span, first: datetime) -> dict[tuple[str, str, str], dict[datetime, EventFigures]]:
    found: dict[tuple[str, str, str], dict[datetime, EventFigures]] = defaultdict(dict)
    for row in EventFigures.objects.filter(span=span, starts_at__gte=first):
        found[row.kind, row.subject, row.code][row.starts_at] = row
    return dict(found)


def _measured(choice: Choice, first: datetime) -> Iterator[tuple[str, datetime, int, int]]:
    """Yield age, when it was accepted, and the characters that were accepted and that are kept."""
    rows = KeptText.objects.filter(accepted_at__gte=first, **choice.filters)
    return rows.values_list("age", "accepted_at", "accepted_characters", "kept_characters").iterator()


def _kept(choice: Choice, first: datetime) -> dict[str, Retention]:
    found = {age.value: Retention() for age in KeptText.Age}
    for age, _, accepted, kept in _measured(choice, first):
        found[age].add(accepted, kept)
    return found


def kept_by_slot(choice: Choice, now: datetime | None = None) -> dict[tuple[datetime, str], Retention]:
    """Return what is kept of text by the hour or day in which it was accepted, and by its age."""
    found: dict[tuple[datetime, str], Retention] = defaultdict(Retention)
    for age, at, accepted, kept in _measured(choice, choice.slots(now or timezone.now())[0]):
        slot = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        found[slot if choice.span == Span.HOUR else slot.replace(hour=0), age].add(accepted, kept)
    return dict(found)


def cohorts() -> list[tuple[Any, int, list[int | None]]]:
    """Return week, people, and the percentage active in each week since; latest week first."""
    weeks: dict[Any, list[Cohort]] = defaultdict(list)
    for cohort in Cohort.objects.order_by("-week", "age"):
        weeks[cohort.week].append(cohort)
    return [
        (week, ages[0].people, [round(100 * one.active / one.people) if one.people else None for one in ages])
        for week, ages in weeks.items()
    ]


def choices(names: Iterable[str] = FILTERS) -> dict[str, list[str]]:
    """Return the values there are to filter by."""
    since = timezone.now() - LENGTHS["90d"][1]
    rows = GenerationFigures.objects.filter(span=Span.DAY, starts_at__gte=since).order_by()
    return {name: sorted(filter(None, rows.values_list(name, flat=True).distinct())) for name in names}
