"""The ledger: tokens are reserved before a provider is called and settled afterwards, once, whatever dies.

`lock_person` first, then `allowance_of` and `reserve` in the same transaction: two requests at once would else both
take what only one can have.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Invalid
from apps.core.postgres import Statement, in_one_trip
from apps.quotas.allowances import Allowance, Share, allowance_of, month_of, today, week_of
from apps.quotas.errors import QuotaExceeded
from apps.quotas.models import DailyUse, Entry, Kind, Reservation

logger = logging.getLogger(__name__)

LOCK_SPACE = 0x51554F54  # "QUOT": our advisory locks, apart from anybody else's

LOCK = "SELECT pg_advisory_xact_lock(%s::int, %s::int)"
RESERVE = """
WITH held AS (
    INSERT INTO quotas_reservation
        (generation_id, user_id, document_id, day, action, model, tokens, prompt_tokens, created_at)
    VALUES (%(generation)s, %(user)s, %(document)s, %(day)s, %(action)s, %(model)s, %(tokens)s, %(prompt)s, %(now)s)
)
INSERT INTO quotas_dailyuse (user_id, day, used, reserved) VALUES (%(user)s, %(day)s, 0, %(tokens)s)
ON CONFLICT (user_id, day) DO UPDATE SET reserved = quotas_dailyuse.reserved + EXCLUDED.reserved
"""
RELEASE = "DELETE FROM quotas_reservation WHERE generation_id = %s RETURNING day, tokens"
ENTER = """
WITH entered AS (
    INSERT INTO quotas_entry (kind, user_id, day, tokens, uncharged, reserved, generation_id, document_id, action,
        model, prompt_tokens, completion_tokens, outcome, note, made_by_id, created_at)
    VALUES ('generation', %(user)s, %(day)s, %(charged)s, %(uncharged)s, %(reserved)s, %(generation)s, %(document)s,
        %(action)s, %(model)s, %(prompt)s, %(completion)s, %(outcome)s, '', NULL, %(now)s)
    ON CONFLICT (generation_id) DO NOTHING RETURNING tokens
)
INSERT INTO quotas_dailyuse (user_id, day, used, reserved)
VALUES (%(user)s, %(day)s, COALESCE((SELECT tokens FROM entered), 0), 0)
ON CONFLICT (user_id, day) DO UPDATE
    SET used = quotas_dailyuse.used + EXCLUDED.used, reserved = quotas_dailyuse.reserved - %(reserved)s
RETURNING (SELECT count(*) FROM entered)
"""

SWEPT_AT_ONCE = 1_000
NAMES = {"day": "today", "week": "this week", "month": "this month"}


@dataclass(frozen=True)
class Request:
    """What a generation is about to use at most: `prompt_tokens` are sent, `answer_tokens` may come back."""

    generation_id: UUID
    user_id: UUID
    document_id: UUID
    action: str
    model: str
    prompt_tokens: int
    answer_tokens: int

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.answer_tokens


@dataclass(frozen=True)
class Used:
    """What a generation has used in the end. `outcome`: done, failed, cancelled or lost."""

    generation_id: UUID
    user_id: UUID
    document_id: UUID
    action: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    outcome: str

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


def lock_person(user_id: UUID) -> None:
    """Wait until nobody else reserves for this person, until the transaction's end."""
    in_one_trip(locking(user_id))


def locking(user_id: UUID) -> Statement:
    """Return the statement of `lock_person`, for who sends others in the same round trip."""
    return Statement(LOCK, [LOCK_SPACE, user_id.int % 2**31])


def check_share(allowance: Allowance, tokens: int, now: datetime | None = None) -> None:
    """Raises QuotaExceeded when fewer than `tokens` are left in some window."""
    now = now or timezone.now()
    lacking = [share for share in allowance.shares if share.left is not None and share.left < tokens]
    if lacking:
        # All of them have to be over: the last to begin anew says when.
        share = max(lacking, key=lambda one: one.resets_at)
        raise QuotaExceeded(_words(share, tokens), retry_after=round((share.resets_at - now).total_seconds(), 1))


def _words(share: Share, tokens: int) -> str:
    when = f"{share.resets_at:%d %B, %H:%M} UTC"
    if not share.left:
        return f"Your tokens for {NAMES[share.window]} are used up. There are more from {when}."
    return (
        f"This needs up to {tokens:,} tokens, and {share.left:,} are left {NAMES[share.window]}. Ask for less, or wait "
        f"until {when}."
    )


def reserve(request: Request, allowance: Allowance, now: datetime | None = None) -> None:
    """Set the tokens of `request` aside. The caller holds the person's lock. Raises QuotaExceeded."""
    in_one_trip(reserving(request, allowance, now or timezone.now()))


def reserving(request: Request, allowance: Allowance, now: datetime) -> Statement:
    """Return the statement that sets the tokens of `request` aside. Raises QuotaExceeded."""
    check_share(allowance, request.tokens, now)
    return Statement(
        RESERVE,
        {
            "generation": request.generation_id,
            "user": request.user_id,
            "document": request.document_id,
            "day": today(now),
            "action": request.action,
            "model": request.model,
            "tokens": request.tokens,
            "prompt": request.prompt_tokens,
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
        day, reserved = cursor.fetchone() or (today(now), 0)
        charged = min(used.tokens, reserved)
        if used.tokens > reserved:
            charged += _room(used.user_id, used.tokens - reserved, now)
        cursor.execute(
            ENTER,
            {
                "user": used.user_id,
                "day": day,
                "charged": charged,
                "uncharged": used.tokens - charged,
                "reserved": reserved,
                "generation": used.generation_id,
                "document": used.document_id,
                "action": used.action,
                "model": used.model,
                "prompt": used.prompt_tokens,
                "completion": used.completion_tokens,
                "outcome": used.outcome,
                "now": now,
            },
        )
        return bool(cursor.fetchone()[0])


def _room(user_id: UUID, wanted: int, now: datetime) -> int:
    """Return how many of `wanted` tokens may still be charged beyond what is reserved."""
    lock_person(user_id)
    left = allowance_of(user_id, now).left
    return wanted if left is None else min(wanted, left)


@transaction.atomic
def give_back(user: User, tokens: int, *, note: str, by: User | None, now: datetime | None = None) -> list[Entry]:
    """Give tokens of this week and month back to `user`, latest days first. Raises Invalid where fewer were used.

    Corrections are rows of the ledger like any other. To give more than was used, make an exception.
    """
    now = now or timezone.now()
    lock_person(user.pk)
    since = min(week_of(today(now)), month_of(today(now)))
    days = list(
        DailyUse.objects.select_for_update().filter(user_id=user.pk, day__gte=since, used__gt=0).order_by("-day")
    )
    total = sum(day.used for day in days)
    if tokens <= 0 or tokens > total:
        raise Invalid(f"Between 1 and {total:,} tokens can be given back: so many were used this month and week.")
    entries = []
    for day in days:
        given = min(tokens, day.used)
        if given:
            entries.append(_correct(user, day, -given, note, by, now))
        tokens -= given
    logger.info("quota.corrected", extra={"user": str(user.pk), "entries": len(entries)})
    return entries


def _correct(user: User, day: DailyUse, tokens: int, note: str, by: User | None, now: datetime) -> Entry:
    DailyUse.objects.filter(user_id=user.pk, day=day.day).update(used=day.used + tokens)
    return Entry.objects.create(
        kind=Kind.CORRECTION, user=user, day=day.day, tokens=tokens, note=note, made_by=by, created_at=now
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
