"""Proves that the counters are what the ledger and the reservations say."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

# One statement for each, so one moment: people go on writing meanwhile.
_DIFFERENCES = """
WITH entered AS (
    SELECT {holder}_id, day, is_smaller, sum(tokens) AS tokens
    FROM quotas_entry WHERE {paid} GROUP BY {holder}_id, day, is_smaller
), held AS (
    SELECT {holder}_id, day, is_smaller, sum(tokens) AS tokens
    FROM quotas_reservation WHERE {paid} GROUP BY {holder}_id, day, is_smaller
), counted AS (
    SELECT {holder}_id, day, false AS is_smaller, used, reserved FROM {uses}
    UNION ALL SELECT {holder}_id, day, true, smaller_used, smaller_reserved FROM {uses}
)
SELECT {holder}_id, day, is_smaller, COALESCE(counted.used, 0), COALESCE(entered.tokens, 0)::bigint,
    COALESCE(counted.reserved, 0), COALESCE(held.tokens, 0)::bigint
FROM counted
FULL JOIN entered USING ({holder}_id, day, is_smaller)
FULL JOIN held USING ({holder}_id, day, is_smaller)
WHERE COALESCE(counted.used, 0) <> COALESCE(entered.tokens, 0)
    OR COALESCE(counted.reserved, 0) <> COALESCE(held.tokens, 0)
"""
DIFFERENCES = {
    "person": _DIFFERENCES.format(holder="user", uses="quotas_dailyuse", paid="team_id IS NULL"),
    "team": _DIFFERENCES.format(holder="team", uses="quotas_teamdailyuse", paid="team_id IS NOT NULL"),
}


@dataclass(frozen=True)
class Difference:
    """A counter that is not the sum of its rows. `holder_id`: of a person or a team, as `kind` says."""

    kind: str
    holder_id: UUID
    day: date
    is_smaller: bool
    used: int
    entered: int
    reserved: int
    held: int


def find_differences() -> list[Difference]:
    """Return where counters are not what the ledger's entries and reservations come to; empty when all is well."""
    found = []
    with connection.cursor() as cursor:
        for kind, statement in DIFFERENCES.items():
            cursor.execute(statement)
            found += [Difference(kind, *row) for row in cursor.fetchall()]
    return found
