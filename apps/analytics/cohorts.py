"""Cohorts: of the people who joined in a week, how many used the assistant in each week since, by the ledger."""

from django.conf import settings
from django.db import connection, transaction

LOCK = "LOCK TABLE analytics_cohort IN SHARE ROW EXCLUSIVE MODE"
FORM = """
WITH joined AS (
    SELECT id, date_trunc('week', date_joined AT TIME ZONE 'UTC')::date AS week FROM accounts_user
    WHERE date_joined >= date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - %(weeks)s * interval '1 week'
), used AS (
    SELECT joined.week, (date_trunc('week', entry.day)::date - joined.week) / 7 AS age, count(DISTINCT joined.id) AS n
    FROM joined JOIN quotas_entry entry ON entry.user_id = joined.id AND entry.kind = 'generation'
    WHERE entry.day >= joined.week GROUP BY 1, 2
)
INSERT INTO analytics_cohort (week, age, people, active)
SELECT size.week, age, size.n, coalesce(used.n, 0)
FROM (SELECT week, count(*) AS n FROM joined GROUP BY week) AS size
CROSS JOIN LATERAL generate_series(0, (date_trunc('week', now() AT TIME ZONE 'UTC')::date - size.week) / 7) AS age
LEFT JOIN used USING (week, age)
"""


@transaction.atomic
def form() -> None:
    """Form the cohorts of the last ANALYTICS_COHORT_WEEKS weeks anew."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute("DELETE FROM analytics_cohort")
        cursor.execute(FORM, {"weeks": settings.ANALYTICS_COHORT_WEEKS})
