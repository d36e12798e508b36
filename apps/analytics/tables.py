"""Every figure as a table, one row for each hour or day and kind: for REST and for files."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.analytics.figures import BREAKDOWNS, Choice, Totals, kept_by_slot
from apps.analytics.models import Cohort, EventFigures

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """`columns`: the keys of every row, in order."""

    label: str
    columns: tuple[str, ...]
    rows: Callable[[Choice], Iterator[Row]]


def _answers(choice: Choice) -> Iterator[Row]:
    """Yield what was answered; times in milliseconds, shares of 1, None of nothing."""
    for row in choice.rows().order_by("starts_at", *BREAKDOWNS).iterator():
        totals = Totals()
        totals.add(row)
        kind = {name: getattr(row, name) for name in BREAKDOWNS}
        yield {"starts_at": row.starts_at.isoformat(), **kind, **totals.as_json()}


def _events(choice: Choice) -> Iterator[Row]:
    """Yield what happened beside answers: sockets opened, closed (by code), resumed; failures by code; what is live."""
    first = choice.slots(timezone.now())[0]
    rows = EventFigures.objects.filter(span=choice.span, starts_at__gte=first)
    for row in rows.order_by("starts_at", "kind", "subject", "code").iterator():
        sums = {"events": row.events, "amount": row.amount, "peak": row.peak, "seconds": row.seconds}
        yield {
            "starts_at": row.starts_at.isoformat(),
            **{"kind": row.kind, "subject": row.subject, "code": row.code},
            **sums,
        }


def _kept_text(choice: Choice) -> Iterator[Row]:
    """Yield what still stands of accepted text after each age, by when it was accepted."""
    for (slot, age), kept in sorted(kept_by_slot(choice).items()):
        yield {
            "accepted_at": slot.isoformat(),
            "age": age,
            "answers": kept.answers,
            "untouched_answers": kept.untouched,
            "accepted_characters": kept.accepted,
            "kept_characters": kept.kept,
            "kept_share": kept.share,
        }


def _cohorts(_choice: Choice) -> Iterator[Row]:
    """Yield who of those that joined in a week used the assistant so many weeks later."""
    for cohort in Cohort.objects.order_by("week", "age").iterator():
        yield {
            "week": cohort.week.isoformat(),
            "age_weeks": cohort.age,
            "people": cohort.people,
            "active": cohort.active,
            "active_share": cohort.active / cohort.people if cohort.people else None,
        }


TABLES = {
    "answers": Table("Answers", ("starts_at", *BREAKDOWNS, *Totals().as_json()), _answers),
    "events": Table(
        "Connections and failures",
        ("starts_at", "kind", "subject", "code", "events", "amount", "peak", "seconds"),
        _events,
    ),
    "kept-text": Table(
        "Kept text",
        (
            *("accepted_at", "age", "answers", "untouched_answers"),
            *("accepted_characters", "kept_characters", "kept_share"),
        ),
        _kept_text,
    ),
    "cohorts": Table("Who stays", ("week", "age_weeks", "people", "active", "active_share"), _cohorts),
}


def rows_of(table: Table, choice: Choice) -> Iterator[Row]:
    """Yield up to ANALYTICS_CSV_ROWS_MAX rows."""
    return islice(table.rows(choice), settings.ANALYTICS_CSV_ROWS_MAX)


class _Line:
    """A file that hands back what is written to it: csv writes rows into it one by one."""

    def write(self, text: str) -> str:
        return text


def csv_lines(table: Table, choice: Choice) -> Iterator[str]:
    """Yield a file's lines, the head first."""
    writer = csv.writer(_Line())
    yield writer.writerow(table.columns)
    for row in rows_of(table, choice):
        yield writer.writerow(["" if row[name] is None else row[name] for name in table.columns])
