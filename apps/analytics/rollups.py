"""Rolls events and generations up into figures by the hour, and those into figures by the day.

An hour is one transaction that replaces its figures: doing it again changes nothing, and whoever dies leaves it to the
next run. An hour is rolled up while it lasts, when it ends, an hour and a day later (decisions come late), and when
events arrive that belong to it.
"""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.analytics.histogram import BUCKET, SPEED_SCALE
from apps.analytics.models import EventFigures, GenerationFigures
from apps.assistant.models import CHAT, RECAP, SHEET
from apps.llm.prices import price_of

logger = logging.getLogger(__name__)

LOCK = 0x414E4C59  # "ANLY"
DIMENSIONS = "action, model, tier, prompt_version, experiment, arm"
COUNTS = (
    *("done", "failed", "cancelled", "fallbacks", "undecided", "proposed"),
    *("prompt_tokens", "completion_tokens", "cost", "accepted", "edited", "rejected"),
)
HISTOGRAMS = ("first_token", "whole", "speed")
PROPOSE_NOTHING = [CHAT, SHEET, RECAP]  # nobody accepts or rejects their answers

DUE = """
WITH first AS (
    SELECT date_trunc('hour', least(
        (SELECT min(ended_at) FROM assistant_generation), (SELECT min(at) FROM analytics_event)
    ), 'UTC') AS earliest
)
SELECT hour FROM first, generate_series(first.earliest, %(now)s, interval '1 hour') AS hour
LEFT JOIN analytics_rolledhour USING (hour)
WHERE rolled_at IS NULL OR is_stale OR EXISTS (
    SELECT FROM unnest(ARRAY[interval '1 hour', interval '2 hours', interval '25 hours']) AS later
    WHERE rolled_at < hour + later AND (later = interval '1 hour' OR hour + later <= %(now)s)
)
ORDER BY hour DESC LIMIT %(most)s
"""
# Locks the hour's row: events that arrive meanwhile wait, and make it stale again.
CLAIM = """
INSERT INTO analytics_rolledhour (hour, rolled_at, is_stale) VALUES (%(start)s, clock_timestamp(), false)
ON CONFLICT (hour) DO UPDATE SET rolled_at = clock_timestamp(), is_stale = false
"""
MODELS = """
SELECT DISTINCT attempt->>'model' FROM assistant_generation g, jsonb_array_elements(g.attempts) AS attempt
WHERE ended_at >= %(start)s AND ended_at < %(end)s
"""
GENERATIONS = f"""
CREATE TEMP TABLE ended ON COMMIT DROP AS
SELECT {DIMENSIONS}, state,
    (state = 'done' AND action <> ALL(%(no_proposals)s))::int AS proposed,
    (state = 'done' AND action <> ALL(%(no_proposals)s)
        AND NOT EXISTS (SELECT FROM assistant_decision d WHERE d.generation_id = g.id))::int AS undecided,
    CASE WHEN jsonb_array_length(attempts) > 1
        THEN ((SELECT count(DISTINCT a->>'model') FROM jsonb_array_elements(attempts) AS a) > 1)::int ELSE 0
    END AS fallbacks,
    coalesce(prompt_tokens, 0) AS prompt_tokens, coalesce(completion_tokens, 0) AS completion_tokens,
    (SELECT coalesce(sum((a->>'prompt_tokens')::int * (p.price->>0)::float
            + (a->>'completion_tokens')::int * (p.price->>1)::float), 0)
        FROM jsonb_array_elements(attempts) AS a
        JOIN jsonb_each(%(prices)s::jsonb) AS p(model, price) ON p.model = a->>'model') AS cost,
    extract(epoch FROM first_token_at - created_at) * 1000 AS first_token,
    CASE WHEN state = 'done' THEN extract(epoch FROM ended_at - created_at) * 1000 END AS whole,
    CASE WHEN state = 'done' AND completion_tokens > 1 AND ended_at > first_token_at
        THEN completion_tokens / extract(epoch FROM ended_at - first_token_at) * {SPEED_SCALE}
    END AS speed
FROM assistant_generation g
WHERE ended_at >= %(start)s AND ended_at < %(end)s
"""  # noqa: S608  (names of our own)
DECISIONS = f"""
CREATE TEMP TABLE decided ON COMMIT DROP AS
SELECT {DIMENSIONS}, d.decision
FROM (
    SELECT DISTINCT ON (generation_id, edit_id) generation_id, decision
    FROM assistant_decision WHERE created_at >= %(start)s AND created_at < %(end)s
    ORDER BY generation_id, edit_id, id DESC
) AS d JOIN assistant_generation g ON g.id = d.generation_id
"""  # noqa: S608


def _counted(name: str) -> str:
    """Return SQL that gives {bucket: count} of a column of `ended`, by dimensions."""
    bucket = BUCKET.format(value=name)
    return f"""(
        SELECT {DIMENSIONS}, jsonb_object_agg(bucket, n) AS {name}
        FROM (
            SELECT {DIMENSIONS}, {bucket} AS bucket, count(*) AS n
            FROM ended WHERE {name} IS NOT NULL GROUP BY {DIMENSIONS}, bucket
        ) AS counted GROUP BY {DIMENSIONS}
    ) AS of_{name}"""  # noqa: S608


HOUR = f"""
INSERT INTO analytics_generationfigures (span, starts_at, {DIMENSIONS}, {", ".join(COUNTS)}, {", ".join(HISTOGRAMS)})
SELECT 'hour', %(start)s, {DIMENSIONS}, {", ".join(COUNTS)},
    {", ".join(f"coalesce({name}, '{{}}')" for name in HISTOGRAMS)}
FROM (
    SELECT {DIMENSIONS}, {", ".join(f"sum({name}) AS {name}" for name in COUNTS)}
    FROM (
        SELECT {DIMENSIONS}, (state = 'done')::int AS done, (state = 'failed')::int AS failed,
            (state = 'cancelled')::int AS cancelled, fallbacks, undecided, proposed, prompt_tokens, completion_tokens,
            cost, 0 AS accepted, 0 AS edited, 0 AS rejected
        FROM ended
        UNION ALL
        SELECT {DIMENSIONS}, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            (decision = 'accepted')::int, (decision = 'edited')::int, (decision = 'rejected')::int
        FROM decided
    ) AS one GROUP BY {DIMENSIONS}
) AS summed
LEFT JOIN {_counted("first_token")} USING ({DIMENSIONS})
LEFT JOIN {_counted("whole")} USING ({DIMENSIONS})
LEFT JOIN {_counted("speed")} USING ({DIMENSIONS})
"""  # noqa: S608
EVENTS = """
INSERT INTO analytics_eventfigures (span, starts_at, kind, subject, code, events, amount, peak, seconds)
SELECT 'hour', %(start)s, kind, subject, code, count(*), sum(amount), max(amount), coalesce(sum(seconds), 0)
FROM analytics_event WHERE at >= %(start)s AND at < %(end)s GROUP BY kind, subject, code
UNION ALL
SELECT 'hour', %(start)s, 'error', action, error_code, count(*), count(*), 1, 0
FROM (SELECT left(action, 12) AS action, error_code FROM assistant_generation
    WHERE ended_at >= %(start)s AND ended_at < %(end)s AND state = 'failed') AS failed GROUP BY action, error_code
UNION ALL
SELECT 'hour', %(start)s, 'document', '', 'made', count(*), count(*), 1, 0
FROM documents_document WHERE created_at >= %(start)s AND created_at < %(end)s HAVING count(*) > 0
"""


def _merged(name: str) -> str:
    return f"""(
        SELECT {DIMENSIONS}, jsonb_object_agg(bucket, n) AS {name}
        FROM (
            SELECT {DIMENSIONS}, bucket, sum(count::bigint) AS n
            FROM analytics_generationfigures, jsonb_each_text({name}) AS each(bucket, count)
            WHERE span = 'hour' AND starts_at >= %(start)s AND starts_at < %(end)s GROUP BY {DIMENSIONS}, bucket
        ) AS counted GROUP BY {DIMENSIONS}
    ) AS of_{name}"""  # noqa: S608


DAY = f"""
INSERT INTO analytics_generationfigures (span, starts_at, {DIMENSIONS}, {", ".join(COUNTS)}, {", ".join(HISTOGRAMS)})
SELECT 'day', %(start)s, {DIMENSIONS}, {", ".join(COUNTS)},
    {", ".join(f"coalesce({name}, '{{}}')" for name in HISTOGRAMS)}
FROM (
    SELECT {DIMENSIONS}, {", ".join(f"sum({name}) AS {name}" for name in COUNTS)}
    FROM analytics_generationfigures WHERE span = 'hour' AND starts_at >= %(start)s AND starts_at < %(end)s
    GROUP BY {DIMENSIONS}
) AS summed
LEFT JOIN {_merged("first_token")} USING ({DIMENSIONS})
LEFT JOIN {_merged("whole")} USING ({DIMENSIONS})
LEFT JOIN {_merged("speed")} USING ({DIMENSIONS})
"""  # noqa: S608
EVENTS_OF_DAY = """
INSERT INTO analytics_eventfigures (span, starts_at, kind, subject, code, events, amount, peak, seconds)
SELECT 'day', %(start)s, kind, subject, code, sum(events), sum(amount), max(peak), sum(seconds)
FROM analytics_eventfigures WHERE span = 'hour' AND starts_at >= %(start)s AND starts_at < %(end)s
GROUP BY kind, subject, code
"""


def roll_up(now: datetime | None = None) -> int:
    """Roll up the hours that are due, latest first, and their days. Return how many hours that were.

    At most ANALYTICS_HOURS_PER_RUN; nothing where another process is at it.
    """
    now = now or timezone.now()
    hours = due_hours(now)
    rolled = [hour for hour in hours if roll_hour(hour)]
    for day in sorted({hour.astimezone(UTC).replace(hour=0) for hour in rolled}):
        if day > now - timedelta(days=settings.ANALYTICS_HOURLY_DAYS):  # or its hours may be gone
            roll_day(day)
    return len(rolled)


def due_hours(now: datetime) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "most": settings.ANALYTICS_HOURS_PER_RUN})
        return [hour.astimezone(UTC) for (hour,) in cursor.fetchall()]


@transaction.atomic
def roll_hour(start: datetime) -> bool:
    """Replace the figures of the hour that begins at `start`; False where somebody else does."""
    if not _alone():
        return False
    span: dict[str, Any] = {"start": start, "end": start + timedelta(hours=1), "no_proposals": PROPOSE_NOTHING}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, span)
        cursor.execute(MODELS, span)
        prices = {model: price for (model,) in cursor.fetchall() if (price := price_of(model))}
        _forget("hour", start)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.ended, pg_temp.decided")
        cursor.execute(GENERATIONS, {**span, "prices": json.dumps(prices)})
        cursor.execute(DECISIONS, span)
        cursor.execute(HOUR, span)
        cursor.execute(EVENTS, span)
        cursor.execute("DROP TABLE ended, decided")
    return True


@transaction.atomic
def roll_day(start: datetime) -> None:
    """Replace the figures of the day that begins at `start` by the sums of its hours'."""
    if not _alone():
        return
    span = {"start": start, "end": start + timedelta(days=1)}
    _forget("day", start)
    with connection.cursor() as cursor:
        cursor.execute(DAY, span)
        cursor.execute(EVENTS_OF_DAY, span)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _forget(span: str, start: datetime) -> None:
    for figures in (GenerationFigures, EventFigures):
        figures.objects.filter(span=span, starts_at=start).delete()
