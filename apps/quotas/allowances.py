"""What a person may use and has used, read anew for every request: what an admin changes holds at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from apps.core.postgres import Statement, in_one_trip

Window = Literal["day", "week", "month"]

NO_TIER = "unlimited"  # where there is no tier at all, there are no limits

# One statement: it stands before every first token.
READ = """
WITH exception AS (
    SELECT * FROM quotas_override
    WHERE user_id = %(user)s AND starts_at <= %(now)s AND (ends_at IS NULL OR ends_at > %(now)s)
    ORDER BY id DESC LIMIT 1
), tier AS (
    SELECT * FROM quotas_tier WHERE id = COALESCE(
        (SELECT tier_id FROM exception),
        (SELECT tier_id FROM quotas_assignment WHERE user_id = %(user)s),
        (SELECT id FROM quotas_tier WHERE is_default)
    )
), use AS (
    SELECT
        COALESCE(sum(used + reserved) FILTER (WHERE day = %(day)s), 0)::bigint AS in_day,
        COALESCE(sum(used + reserved) FILTER (WHERE day >= %(week)s), 0)::bigint AS in_week,
        COALESCE(sum(used + reserved) FILTER (WHERE day >= %(month)s), 0)::bigint AS in_month
    FROM quotas_dailyuse WHERE user_id = %(user)s AND day >= LEAST(%(week)s, %(month)s)
)
SELECT tier.name, tier.label, tier.price_hint,
    COALESCE(exception.tokens_per_day, tier.tokens_per_day), in_day,
    COALESCE(exception.tokens_per_week, tier.tokens_per_week), in_week,
    COALESCE(exception.tokens_per_month, tier.tokens_per_month), in_month,
    COALESCE(exception.requests_per_minute, tier.requests_per_minute),
    COALESCE(exception.concurrent_per_person, tier.concurrent_per_person),
    COALESCE(exception.concurrent_per_document, tier.concurrent_per_document),
    COALESCE(exception.max_input_tokens, tier.max_input_tokens),
    COALESCE(exception.max_output_tokens, tier.max_output_tokens),
    COALESCE(exception.allowed_actions, tier.allowed_actions),
    COALESCE(exception.allowed_models, tier.allowed_models)
FROM use LEFT JOIN tier ON true LEFT JOIN exception ON true
"""


@dataclass(frozen=True)
class Share:
    """The tokens of one window. `committed`: used or reserved. `limit`: None where there is none."""

    window: Window
    limit: int | None
    committed: int
    resets_at: datetime

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.committed)


@dataclass(frozen=True)
class Allowance:
    """A person's limits and what is left of them. None, and an empty list: no limit."""

    tier: str
    label: str
    price_hint: str
    shares: tuple[Share, Share, Share]
    requests_per_minute: int | None
    concurrent_per_person: int | None
    concurrent_per_document: int | None
    max_input_tokens: int | None
    max_output_tokens: int | None
    allowed_actions: tuple[str, ...]
    allowed_models: tuple[str, ...]

    @property
    def scarcest(self) -> Share | None:
        """Return the window with the fewest tokens left; None where none has a limit."""
        limited = [share for share in self.shares if share.left is not None]
        return min(limited, key=lambda share: (share.left or 0, -share.resets_at.timestamp()), default=None)

    @property
    def left(self) -> int | None:
        return self.scarcest.left if self.scarcest else None

    def allows_model(self, model: str) -> bool:
        return not self.allowed_models or model in self.allowed_models

    def allows_action(self, action: str) -> bool:
        return not self.allowed_actions or action in self.allowed_actions


def today(now: datetime | None = None) -> date:
    return (now or timezone.now()).astimezone(UTC).date()


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    return day.replace(day=1)


def allowance_of(user_id: UUID, now: datetime | None = None) -> Allowance:
    """Return what `user_id` may use. One query."""
    now = now or timezone.now()
    [[row]] = in_one_trip(reading(user_id, now))
    return allowance_from(row, now)


def reading(user_id: UUID, now: datetime) -> Statement:
    """Return the statement whose row `allowance_from` takes, for who reads other things in the same round trip."""
    day = today(now)
    values = {"user": user_id, "now": now, "day": day, "week": week_of(day), "month": month_of(day)}
    return Statement(READ, values)


def allowance_from(values: Sequence[Any], now: datetime) -> Allowance:
    """Return what the row of `reading` says."""
    name, label, price, *row = values
    day = today(now)
    next_month = month_of(month_of(day) + timedelta(days=31))
    shares = (
        Share("day", row[0], row[1], _midnight(day + timedelta(days=1))),
        Share("week", row[2], row[3], _midnight(week_of(day) + timedelta(days=7))),
        Share("month", row[4], row[5], _midnight(next_month)),
    )
    return Allowance(
        tier=name or NO_TIER,
        label=label or "Unlimited",
        price_hint=price or "",
        shares=shares,
        requests_per_minute=row[6],
        concurrent_per_person=row[7],
        concurrent_per_document=row[8],
        max_input_tokens=row[9],
        max_output_tokens=row[10],
        allowed_actions=tuple(row[11] or ()),
        allowed_models=tuple(row[12] or ()),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
