"""What a person has used, for their own eyes: by day and action."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count, Sum

from apps.quotas.allowances import Allowance, allowance_of_team, today
from apps.quotas.models import Entry, Kind, Pays, TeamPool
from apps.teams.models import Team

DAYS_SHOWN = 30
DAYS_IN_FILE = 366
ACTIONS_SHOWN = 5  # colours can be told apart so far; the rest is one
OTHERS = "others"
CSV_HEADS = (
    *("day", "action", "model", "requests", "prompt_tokens", "completion_tokens"),
    *("charged_tokens", "team", "smaller"),
)


@dataclass
class Day:
    """The tokens of one day by action; what was given back lowers `total` only."""

    day: date
    tokens: dict[str, int] = field(default_factory=dict)
    given_back: int = 0

    @property
    def charged(self) -> int:
        return sum(self.tokens.values())

    @property
    def total(self) -> int:
        return self.charged - self.given_back


def usage_of(user_id: UUID, now_day: date | None = None) -> tuple[list[Day], list[str]]:
    """Return the last DAYS_SHOWN days, oldest first, and the actions in them, most used first.

    Only what the person paid, not their teams.
    """
    last = now_day or today()
    days = {last - timedelta(days=ago): Day(last - timedelta(days=ago)) for ago in range(DAYS_SHOWN - 1, -1, -1)}
    rows = Entry.objects.filter(user_id=user_id, team=None, day__gte=min(days), day__lte=last).order_by()
    totals: dict[str, int] = defaultdict(int)
    found = list(rows.values_list("day", "kind", "action").annotate(tokens=Sum("tokens")))
    for _, kind, action, tokens in found:
        if kind == Kind.GENERATION:
            totals[action] += tokens
    actions = sorted(totals, key=lambda action: -totals[action])
    shown = actions if len(actions) <= ACTIONS_SHOWN + 1 else [*actions[:ACTIONS_SHOWN], OTHERS]
    for day, kind, action, tokens in found:
        if kind == Kind.CORRECTION:
            days[day].given_back -= tokens
        else:
            name = action if action in shown else OTHERS
            days[day].tokens[name] = days[day].tokens.get(name, 0) + tokens
    return list(days.values()), shown


class _Line:
    """A file that hands back what is written to it: csv writes rows into it one by one."""

    def write(self, text: str) -> str:
        return text


def csv_of(user_id: UUID, now_day: date | None = None) -> Iterator[str]:
    """Yield the lines of a CSV file: day, action, requests, tokens, and the team that paid, where one did.

    `smaller`: whether they were of the tokens for smaller models.
    """
    last = now_day or today()
    writer = csv.writer(_Line())
    yield writer.writerow(CSV_HEADS)
    rows = (
        Entry.objects.filter(user_id=user_id, day__gt=last - timedelta(days=DAYS_IN_FILE), day__lte=last)
        .order_by("day", "kind", "action", "model", "team__name", "is_smaller")
        .values_list("day", "kind", "action", "model", "team_id", "team__name", "is_smaller")
        .annotate(
            requests=Count("generation_id"),
            prompt=Sum("prompt_tokens"),
            completion=Sum("completion_tokens"),
            charged=Sum("tokens"),
        )
    )
    for day, kind, action, model, team_id, team, smaller, *numbers in rows:
        paid_by = (team or "a team that is gone") if team_id else ""
        yield writer.writerow([day.isoformat(), action or kind, model, *numbers, paid_by, "yes" if smaller else ""])


@dataclass(frozen=True)
class Pool:
    """A team's pool as one of its people sees it."""

    team: Team
    allowance: Allowance
    pays: Pays


def pools_of(user_id: UUID) -> list[Pool]:
    """Return the pools of the teams somebody is in, by the team's name."""
    pools = TeamPool.objects.filter(team__memberships__user_id=user_id).select_related("team").order_by("team__name")
    return [Pool(one.team, allowance_of_team(one.team_id), Pays(one.pays)) for one in pools]
