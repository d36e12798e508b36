"""REST: what one has, and what one has used."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from apps.accounts.authentication import ANY_SCOPE, caller
from apps.quotas.allowances import Allowance, Share, allowance_of
from apps.quotas.models import Pays
from apps.quotas.usage import pools_of, usage_of

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


class PoolOutput(Schema):
    """A team's tokens. `pays`: whose are taken in the team's documents."""

    id: UUID
    name: str
    tier: str
    pays: Pays
    shares: list[ShareOutput]


class UsageOutput(Schema):
    """`shares`, `days`: your own tokens; `teams`: the pools of the teams you are in.

    `smaller`: the tokens for smaller models, which are had where the others do not suffice.
    """

    tier: str
    shares: list[ShareOutput]
    smaller: ShareOutput
    teams: list[PoolOutput]
    days: list[DayOutput]


@router.get("/usage", response=UsageOutput)
def read_usage(request: HttpRequest) -> Any:
    """What is left in each window, and what was used on each of the last 30 days, oldest first."""
    person = caller(request)
    allowance = allowance_of(person.pk)
    days, _ = usage_of(person.pk)
    return {
        "tier": allowance.tier,
        "shares": _shares(allowance),
        "smaller": _share(allowance.smaller),
        "teams": [
            {
                "id": pool.team.pk,
                "name": pool.team.name,
                "tier": pool.allowance.tier,
                "pays": pool.pays,
                "shares": _shares(pool.allowance),
            }
            for pool in pools_of(person.pk)
        ],
        "days": [{"day": day.day, "tokens": day.tokens, "given_back": day.given_back} for day in days],
    }


def _shares(allowance: Allowance) -> list[dict[str, Any]]:
    return [_share(share) for share in allowance.shares]


def _share(share: Share) -> dict[str, Any]:
    return {
        "window": share.window,
        "limit": share.limit,
        "used": share.committed,
        "remaining": share.left,
        "resets_at": share.resets_at,
    }
