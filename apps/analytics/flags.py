"""Answers whether a feature is on, out of the process's memory."""

from dataclasses import dataclass
from uuid import UUID

from apps.analytics.experiments import share_of
from apps.analytics.models import FlagRule
from apps.core.flags import Asker, changed
from apps.core.kept import Kept


@dataclass(frozen=True)
class Known:
    is_on: bool
    tier: str
    team_id: UUID | None
    user_id: UUID | None
    percent: float

    @property
    def rank(self) -> int:
        """Return how particular it is, most first."""
        return 0 if self.user_id else 1 if self.team_id else 2 if self.tier else 3

    def is_for(self, flag: str, asker: Asker) -> bool:
        return (
            self.user_id in (None, asker.user_id)
            and self.team_id in (None, asker.team_id)
            and self.tier in ("", asker.tier)
            and share_of(asker.user_id, f"flag {flag}") < self.percent / 100
        )


def _load() -> dict[str, tuple[Known, ...]]:
    found: dict[str, list[Known]] = {}
    rows = FlagRule.objects.values_list("flag", "is_on", "tier", "team_id", "user_id", "percent")
    for flag, is_on, tier, team_id, user_id, percent in rows:
        found.setdefault(flag, []).append(Known(is_on, tier, team_id, user_id, percent))
    return {flag: tuple(sorted(known, key=lambda one: one.rank)) for flag, known in found.items()}


rules = Kept("analytics.flags", _load, forgotten=changed)


def answer(flag: str, asker: Asker) -> bool | None:
    """Return what the most particular rule says; None where there is none."""
    return next((rule.is_on for rule in rules.get().get(flag, ()) if rule.is_for(flag, asker)), None)
