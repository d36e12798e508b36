"""The ledger: tokens are reserved before a provider is called and settled afterwards, once, whatever dies.

`lock_person` first, then (`payers` does it) the team's, then the allowance and `reserve` in the same transaction: two
requests at once would else both take what only one can have.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Invalid
from apps.core.postgres import Statement, in_one_trip
from apps.quotas.allowances import Allowance, Share, allowance_of, allowance_of_team, month_of, today, week_of
from apps.quotas.errors import QuotaExceeded
from apps.quotas.metrics import EXHAUSTED
from apps.quotas.models import DailyUse, Entry, Kind, Reservation, TeamDailyUse
from apps.teams.models import Team

logger = logging.getLogger(__name__)

LOCK_SPACE = 0x51554F54  # "QUOT": our advisory locks, apart from anybody else's
TEAM_LOCK_SPACE = 0x51544541  # "QTEA"

LOCK = "SELECT pg_advisory_xact_lock(%(space)s::int, %(holder)s::int)"
_RESERVE = """
WITH held AS (
    INSERT INTO quotas_reservation
        (generation_id, user_id, team_id, document_id, day, action, model, tokens, prompt_tokens,
        charged_percent, is_smaller, created_at)
    VALUES (%(generation)s, %(user)s, %(team)s, %(document)s, %(day)s, %(action)s, %(model)s, %(tokens)s, %(prompt)s,
        %(percent)s, %(smaller)s, %(now)s)
)
INSERT INTO {uses} ({holder}_id, day, {reserved}) VALUES (%({holder})s, %(day)s, %(tokens)s)
ON CONFLICT ({holder}_id, day) DO UPDATE SET {reserved} = {uses}.{reserved} + EXCLUDED.{reserved}
"""
RELEASE = """
DELETE FROM quotas_reservation WHERE generation_id = %s RETURNING day, tokens, team_id, charged_percent, is_smaller
"""
_ENTER = """
WITH entered AS (
    INSERT INTO quotas_entry (kind, user_id, team_id, day, tokens, uncharged, reserved, generation_id, document_id,
        action, model, prompt_tokens, completion_tokens, cost, outcome, note, made_by_id, is_smaller, created_at)
    VALUES ('generation', %(user)s, %(team)s, %(day)s, %(charged)s, %(uncharged)s, %(reserved)s, %(generation)s,
        %(document)s, %(action)s, %(model)s, %(prompt)s, %(completion)s, %(cost)s, %(outcome)s, '', NULL,
        %(smaller)s, %(now)s)
    ON CONFLICT (generation_id) DO NOTHING RETURNING tokens
)
INSERT INTO {uses} ({holder}_id, day, {used})
VALUES (%({holder})s, %(day)s, COALESCE((SELECT tokens FROM entered), 0))
ON CONFLICT ({holder}_id, day) DO UPDATE
    SET {used} = {uses}.{used} + EXCLUDED.{used}, {reserved} = {uses}.{reserved} - %(reserved)s
RETURNING (SELECT count(*) FROM entered)
"""


_HOLDERS = ({"holder": "user", "uses": "quotas_dailyuse"}, {"holder": "team", "uses": "quotas_teamdailyuse"})
_COUNTERS = (
    {"used": "used", "reserved": "reserved"},
    {"used": "smaller_used", "reserved": "smaller_reserved"},
)


def _for_each(statement: str) -> dict[tuple[bool, bool], str]:
    """Return `statement` by whether a team pays, and whether it is of the tokens for smaller models."""
    return {
        (bool(team), bool(smaller)): statement.format(**holder, **counters)
        for team, holder in enumerate(_HOLDERS)
        for smaller, counters in enumerate(_COUNTERS)
    }


RESERVE = _for_each(_RESERVE)
ENTER = _for_each(_ENTER)

SWEPT_AT_ONCE = 1_000
NAMES = {"day": "today", "week": "this week", "month": "this month"}


@dataclass(frozen=True)
class Request:
    """What a generation is about to use at most: `prompt_tokens` are sent, `answer_tokens` may come back.

    `charged_percent`: how many tokens of a hundred count.
    """

    generation_id: UUID
    user_id: UUID
    document_id: UUID
    action: str
    model: str
    prompt_tokens: int
    answer_tokens: int
    charged_percent: int = 100

    @property
    def tokens(self) -> int:
        return charged(self.prompt_tokens + self.answer_tokens, self.charged_percent)


@dataclass(frozen=True)
class Used:
    """What a generation has used in the end. `outcome`: done, failed, cancelled or lost. `cost`: see Entry."""

    generation_id: UUID
    user_id: UUID
    document_id: UUID
    action: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    outcome: str
    cost: Decimal | None = None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


def charged(tokens: int, percent: int) -> int:
    """Return how many of `tokens` count, in whole ones."""
    return -(-tokens * percent // 100)


def lock_person(user_id: UUID) -> None:
    """Wait until nobody else reserves for this person, until the transaction's end."""
    in_one_trip(Statement(LOCK, {"space": LOCK_SPACE, "holder": user_id.int % 2**31}))


def lock_team(team_id: UUID) -> None:
    """Wait until nobody else reserves from this team's pool, until the transaction's end. After `lock_person`."""
    in_one_trip(locking_team(team_id))


def locking_team(team_id: UUID) -> Statement:
    """Return the statement of `lock_team`, for who sends others in the same round trip."""
    return Statement(LOCK, {"space": TEAM_LOCK_SPACE, "holder": team_id.int % 2**31})


def check_share(allowance: Allowance, tokens: int, now: datetime | None = None) -> None:
    """Raises QuotaExceeded when fewer than `tokens` are left in some window."""
    now = now or timezone.now()
    lacking = [share for share in allowance.shares if share.left is not None and share.left < tokens]
    if lacking:
        # All of them have to be over: the last to begin anew says when.
        share = max(lacking, key=lambda one: one.resets_at)
        EXHAUSTED.labels("team" if allowance.team_id else "person").inc()
        words = _words(share, tokens, allowance)
        raise QuotaExceeded(words, retry_after=round((share.resets_at - now).total_seconds(), 1))


def _words(share: Share, tokens: int, allowance: Allowance) -> str:
    when = f"{share.resets_at:%d %B, %H:%M} UTC"
    whose = "Your team's" if allowance.team_id else "Your"
    where = " on smaller models" if allowance.is_smaller else ""
    if not share.left:
        return f"{whose} tokens{where} for {NAMES[share.window]} are used up. There are more from {when}."
    return (
        f"This needs up to {tokens:,} tokens{where}, and {share.left:,} are left {NAMES[share.window]}. Ask for less, "
        f"or wait until {when}."
    )


def reserve(request: Request, allowance: Allowance, now: datetime | None = None) -> None:
    """Set the tokens of `request` aside for whose `allowance` it is. The caller holds its lock.

    Raises QuotaExceeded.
    """
    in_one_trip(reserving(request, allowance, now or timezone.now()))


def reserving(request: Request, allowance: Allowance, now: datetime) -> Statement:
    """Return the statement that sets the tokens of `request` aside. Raises QuotaExceeded."""
    check_share(allowance, request.tokens, now)
    return Statement(
        RESERVE[allowance.team_id is not None, allowance.is_smaller],
        {
            "generation": request.generation_id,
            "user": request.user_id,
            "team": allowance.team_id,
            "document": request.document_id,
            "day": today(now),
            "action": request.action,
            "model": request.model,
            "tokens": request.tokens,
            "prompt": request.prompt_tokens,
            "percent": request.charged_percent,
            "smaller": allowance.is_smaller,
            "now": now,
        },
    )


@transaction.atomic(savepoint=False)
def settle(used: Used, now: datetime | None = None) -> bool:
    """Charge what a generation has used, and let go of its reservation. Say whether that was new.

    It counts for the day it was reserved on. More than was reserved is charged as far as something is left.
    """
    now = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, [used.generation_id])
        day, reserved, team_id, percent, smaller = cursor.fetchone() or (today(now), 0, None, 100, False)
        due = charged(used.tokens, percent)
        taken = min(due, reserved)
        if due > reserved:
            taken += _room(used.user_id, team_id, due - reserved, now, smaller=smaller)
        cursor.execute(
            ENTER[team_id is not None, smaller],
            {
                "user": used.user_id,
                "team": team_id,
                "day": day,
                "charged": taken,
                "uncharged": due - taken,
                "reserved": reserved,
                "generation": used.generation_id,
                "document": used.document_id,
                "action": used.action,
                "model": used.model,
                "prompt": used.prompt_tokens,
                "completion": used.completion_tokens,
                "cost": used.cost,
                "outcome": used.outcome,
                "smaller": smaller,
                "now": now,
            },
        )
        return bool(cursor.fetchone()[0])


def _room(user_id: UUID, team_id: UUID | None, wanted: int, now: datetime, *, smaller: bool) -> int:
    """Return how many of `wanted` tokens may still be charged beyond what is reserved, to who paid that."""
    if team_id is None:
        lock_person(user_id)
        allowance = allowance_of(user_id, now)
    else:
        lock_team(team_id)
        allowance = allowance_of_team(team_id, now)
    left = allowance.on_smaller_models().left if smaller else allowance.left
    return wanted if left is None else min(wanted, left)


@transaction.atomic
def give_back(
    holder: User | Team, tokens: int, *, note: str, by: User | None, now: datetime | None = None
) -> list[Entry]:
    """Give tokens of this week and month back to a person or a team's pool, latest days first.

    Corrections are rows of the ledger like any other. To give more than was used, make an exception. Raises Invalid
    where fewer were used.
    """
    now = now or timezone.now()
    since = min(week_of(today(now)), month_of(today(now)))
    days: list[Any]
    if isinstance(holder, Team):
        lock_team(holder.pk)
        days = list(TeamDailyUse.objects.select_for_update().filter(team_id=holder.pk, day__gte=since, used__gt=0))
    else:
        lock_person(holder.pk)
        days = list(DailyUse.objects.select_for_update().filter(user_id=holder.pk, day__gte=since, used__gt=0))
    days.sort(key=lambda one: one.day, reverse=True)
    total = sum(day.used for day in days)
    if tokens <= 0 or tokens > total:
        raise Invalid(f"Between 1 and {total:,} tokens can be given back: so many were used this month and week.")
    entries = []
    for day in days:
        given = min(tokens, day.used)
        if given:
            entries.append(_correct(holder, day, -given, note, by, now))
        tokens -= given
    logger.info("quota.corrected", extra={"holder": str(holder.pk), "entries": len(entries)})
    return entries


def _correct(holder: User | Team, day: Any, tokens: int, note: str, by: User | None, now: datetime) -> Entry:
    type(day).objects.filter(pk=day.pk).update(used=day.used + tokens)
    whose: dict[str, Any] = {"team": holder} if isinstance(holder, Team) else {"user": holder}
    return Entry.objects.create(
        kind=Kind.CORRECTION, day=day.day, tokens=tokens, note=note, made_by=by, created_at=now, **whose
    )


def old_reservations(age_seconds: float) -> list[UUID]:
    """Return the generations whose reservation is older than this, oldest first; their owner may have died."""
    old = Reservation.objects.filter(created_at__lt=timezone.now() - timedelta(seconds=age_seconds))
    return list(old.order_by("created_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE])


def settle_lost(generation_ids: Sequence[UUID]) -> int:
    """Settle reservations whose generation is gone with its document: the prompt was sent, so it is charged."""
    count = 0
    for held in Reservation.objects.filter(pk__in=generation_ids):
        gone = Used(held.pk, held.user_id, held.document_id, held.action, held.model, held.prompt_tokens, 0, "lost")
        count += settle(gone)
    return count
