"""What a person or a team's pool may use and has used.

Read anew for every request: what an admin changes holds at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from apps.core.postgres import Statement, in_one_trip

Window = Literal["day", "week", "month"]

NO_TIER = "unlimited"  # where there is no tier at all, there are no limits

# One statement: it stands before every first token.
_READ = """
WITH exception AS (
    SELECT * FROM quotas_override
    WHERE {holder}_id = %(holder)s AND starts_at <= %(now)s AND (ends_at IS NULL OR ends_at > %(now)s)
    ORDER BY id DESC LIMIT 1
), tier AS (
    SELECT * FROM quotas_tier WHERE id = COALESCE((SELECT tier_id FROM exception), {tier})
), use AS (
    SELECT
        COALESCE(sum(used + reserved) FILTER (WHERE day = %(day)s), 0)::bigint AS in_day,
        COALESCE(sum(used + reserved) FILTER (WHERE day >= %(week)s), 0)::bigint AS in_week,
        COALESCE(sum(used + reserved) FILTER (WHERE day >= %(month)s), 0)::bigint AS in_month,
        COALESCE(sum(smaller_used + smaller_reserved) FILTER (WHERE day = %(day)s), 0)::bigint AS smaller_in_day
    FROM {uses} WHERE {holder}_id = %(holder)s AND day >= LEAST(%(week)s, %(month)s)
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
    COALESCE(NULLIF(exception.allowed_actions, '{{}}'), tier.allowed_actions),
    COALESCE(NULLIF(exception.allowed_models, '{{}}'), tier.allowed_models),
    COALESCE(exception.smaller_tokens_per_day, tier.smaller_tokens_per_day, 0), smaller_in_day
FROM use LEFT JOIN tier ON true LEFT JOIN exception ON true
"""
READ_PERSON = _READ.format(
    holder="user",
    uses="quotas_dailyuse",
    tier="(SELECT tier_id FROM quotas_assignment WHERE user_id = %(holder)s), "
    "(SELECT id FROM quotas_tier WHERE is_default)",
)
READ_TEAM = _READ.format(
    holder="team", uses="quotas_teamdailyuse", tier="(SELECT tier_id FROM quotas_teampool WHERE team_id = %(holder)s)"
)


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
    """A person's limits and what is left of them; a pool's, where `team_id` is set.

    None, and an empty list: no limit. `smaller`: the tokens for smaller models, beside those of `shares`; where
    `is_smaller` is set, they are what counts.
    """

    tier: str
    label: str
    price_hint: str
    shares: tuple[Share, ...]
    smaller: Share
    requests_per_minute: int | None
    concurrent_per_person: int | None
    concurrent_per_document: int | None
    max_input_tokens: int | None
    max_output_tokens: int | None
    allowed_actions: tuple[str, ...]
    allowed_models: tuple[str, ...]
    team_id: UUID | None = None
    is_smaller: bool = False

    def on_smaller_models(self) -> "Allowance":
        """Return what the same holder has for smaller models."""
        return replace(self, shares=(self.smaller,), is_smaller=True)

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


def shares_of(allowance: Allowance) -> tuple[Share, ...]:
    """Return all shares for showing them; that of smaller models where there is one, last."""
    return (*allowance.shares, allowance.smaller) if allowance.smaller.limit else allowance.shares


def today(now: datetime | None = None) -> date:
    """Return the day of the ledger: days, weeks and months begin at midnight UTC."""
    return (now or timezone.now()).astimezone(UTC).date()


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def allowance_of(user_id: UUID, now: datetime | None = None) -> Allowance:
    """Return what `user_id` may use by themselves. One query."""
    now = now or timezone.now()
    [[row]] = in_one_trip(reading(user_id, now))
    return allowance_from(row, now)


def allowance_of_team(team_id: UUID, now: datetime | None = None) -> Allowance:
    """Return what the pool of `team_id` has. One query."""
    now = now or timezone.now()
    [[row]] = in_one_trip(reading_team(team_id, now))
    return replace(allowance_from(row, now), team_id=team_id)


def reading(user_id: UUID, now: datetime) -> Statement:
    """Return the statement whose row `allowance_from` takes, for who reads other things in the same round trip."""
    return Statement(READ_PERSON, _values(user_id, now))


def reading_team(team_id: UUID, now: datetime) -> Statement:
    """Return the statement of a pool, as `reading`."""
    return Statement(READ_TEAM, _values(team_id, now))


def _values(holder: UUID, now: datetime) -> dict[str, Any]:
    day = today(now)
    return {"holder": holder, "now": now, "day": day, "week": week_of(day), "month": month_of(day)}


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
        smaller=Share("day", row[13], row[14], shares[0].resets_at),
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
