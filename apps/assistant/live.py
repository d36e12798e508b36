"""What is being used now and was used today (UTC): by tier, person, team's pool and model. For administrators."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.assistant.models import OPEN_STATES, Generation
from apps.quotas.allowances import today

ROWS_SHOWN = 10  # of each table, those that use most
OPEN_SHOWN = 20

# Entries of the day and what is set aside, side by side. The tier is the generation's: the ledger has none.
_ROWS = """
WITH taken AS (
    SELECT user_id, team_id, model, generation_id, tokens, 1 AS requests, 0 AS held, 0 AS open
    FROM quotas_entry WHERE day = %(day)s AND kind = 'generation'
    UNION ALL
    SELECT user_id, team_id, model, generation_id, 0, 0, tokens, 1 FROM quotas_reservation
)
"""
_TOTALS = (
    _ROWS
    + """
SELECT COALESCE(sum(tokens), 0)::bigint, COALESCE(sum(requests), 0), COALESCE(sum(held), 0)::bigint,
    COALESCE(sum(open), 0) FROM taken
"""
)
_BY = (
    _ROWS
    + """
SELECT {name} AS name, sum(tokens)::bigint, sum(requests), sum(held)::bigint, sum(open)
FROM taken {join}
WHERE {name} IS NOT NULL
GROUP BY {name} ORDER BY sum(open) DESC, sum(tokens) DESC, {name} LIMIT %(rows)s
"""
)
_TABLES = {
    "Tier": (
        "COALESCE(tier.label, NULLIF(asked.tier, ''))",
        "LEFT JOIN assistant_generation asked ON"
        " asked.id = taken.generation_id LEFT JOIN quotas_tier tier ON tier.name = asked.tier",
    ),
    "Person": ("person.email", "LEFT JOIN accounts_user person ON person.id = taken.user_id"),
    "Team’s pool": ("team.name", "LEFT JOIN teams_team team ON team.id = taken.team_id"),
    "Model": ("taken.model", ""),
}
# Set aside for nothing that runs: settled by the sweep, if it lasts.
_STRANDED = """
SELECT count(*), min(held.created_at) FROM quotas_reservation held
WHERE NOT EXISTS (
    SELECT 1 FROM assistant_generation open WHERE open.id = held.generation_id AND open.state IN ('queued', 'running')
)
"""


@dataclass(frozen=True)
class Row:
    """`tokens`, `requests`: of today, ended. `held`: tokens set aside for the `open` ones."""

    name: str
    tokens: int
    requests: int
    held: int
    open: int


@dataclass(frozen=True)
class Open:
    """A generation that waits or runs."""

    id: UUID
    person: str
    action: str
    model: str
    state: str
    since: datetime


@dataclass(frozen=True)
class Usage:
    """How things stand `at` a moment. `stranded`: reservations without an open generation, the oldest of them since
    `stranded_since`.
    """

    at: datetime
    total: Row
    tables: dict[str, list[Row]]
    open: list[Open]
    stranded: int
    stranded_since: datetime | None


def live_usage(now: datetime | None = None) -> Usage:
    """Return what runs now and what was used since midnight UTC."""
    now = now or timezone.now()
    day = today(now)
    stranded, since = _query(_STRANDED, {})[0]
    return Usage(
        at=now,
        total=Row("", *_query(_TOTALS, {"day": day})[0]),
        tables={head: _table(name, join, day) for head, (name, join) in _TABLES.items()},
        open=_open(),
        stranded=stranded,
        stranded_since=since,
    )


def _table(name: str, join: str, day: date) -> list[Row]:
    return [Row(*row) for row in _query(_BY.format(name=name, join=join), {"day": day, "rows": ROWS_SHOWN})]


def _open() -> list[Open]:
    found = Generation.objects.filter(state__in=OPEN_STATES).order_by("-created_at")
    columns = ("pk", "user__email", "action", "model", "state", "created_at")
    return [Open(*values) for values in found.values_list(*columns)[:OPEN_SHOWN]]


def _query(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
