"""Proves that the counters are what the ledger and the reservations say."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

# One statement, so one moment: people go on writing meanwhile.
DIFFERENCES = """
WITH entered AS (
    SELECT user_id, day, sum(tokens) AS tokens FROM quotas_entry GROUP BY user_id, day
), held AS (
    SELECT user_id, day, sum(tokens) AS tokens FROM quotas_reservation GROUP BY user_id, day
)
SELECT user_id, day, COALESCE(counted.used, 0), COALESCE(entered.tokens, 0)::bigint,
    COALESCE(counted.reserved, 0), COALESCE(held.tokens, 0)::bigint
FROM quotas_dailyuse counted
FULL JOIN entered USING (user_id, day)
FULL JOIN held USING (user_id, day)
WHERE COALESCE(counted.used, 0) <> COALESCE(entered.tokens, 0)
    OR COALESCE(counted.reserved, 0) <> COALESCE(held.tokens, 0)
"""


@dataclass(frozen=True)
class Difference:
    """A counter that is not the sum of its rows."""

    user_id: UUID
    day: date
    used: int
    entered: int
    reserved: int
    held: int


def find_differences() -> list[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES)
        return [Difference(*row) for row in cursor.fetchall()]
