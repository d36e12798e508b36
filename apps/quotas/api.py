"""REST: what one has, and what one has used."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from apps.accounts.authentication import ANY_SCOPE, caller
from apps.quotas.allowances import allowance_of
from apps.quotas.usage import usage_of

router = Router(auth=ANY_SCOPE, tags=["usage"])


class ShareOutput(Schema):
    """Tokens of a window: `used` has what is set aside for running answers too; null: without a limit."""

    window: str
    limit: int | None
    used: int
    remaining: int | None
    resets_at: datetime


class DayOutput(Schema):
    """The tokens of one day (UTC) by action, the rarest as `others`; `given_back` by an administrator."""

    day: date
    tokens: dict[str, int]
    given_back: int


class UsageOutput(Schema):
    tier: str
    shares: list[ShareOutput]
    days: list[DayOutput]


@router.get("/usage", response=UsageOutput)
def read_usage(request: HttpRequest) -> Any:
    """What is left in each window, and what was used on each of the last 30 days, oldest first."""
    person = caller(request)
    allowance = allowance_of(person.pk)
    days, _ = usage_of(person.pk)
    return {
        "tier": allowance.tier,
        "shares": [
            {
                "window": share.window,
                "limit": share.limit,
                "used": share.committed,
                "remaining": share.left,
                "resets_at": share.resets_at,
            }
            for share in allowance.shares
        ],
        "days": [{"day": day.day, "tokens": day.tokens, "given_back": day.given_back} for day in days],
    }
