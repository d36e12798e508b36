"""The rules in force, kept in the process: a request or an answer asks the database nothing."""

from dataclasses import dataclass
from functools import cached_property

from apps.core.kept import Kept
from apps.moderation.models import Rule


@dataclass(frozen=True)
class KnownRule:
    """A rule as it is in force. `tier`: the name, None for everybody. `language`: empty for all."""

    id: int
    kind: str
    content: str
    action: str
    direction: str
    language: str
    tier: str | None

    def is_for(self, direction: str, tier: str, language: str) -> bool:
        """Say whether it counts there. A text of no sure language may be in the rule's."""
        return (
            self.direction in (direction, Rule.Direction.BOTH)
            and self.tier in (None, tier)
            and (not self.language or not language or self.language == language.partition("-")[0].lower())
        )


@dataclass(frozen=True, eq=False)
class RuleSet:
    """All rules that are enabled. `names_tiers`, `names_languages`: whether it matters of which a text is."""

    rules: tuple[KnownRule, ...] = ()

    @cached_property
    def names_tiers(self) -> bool:
        return any(rule.tier for rule in self.rules)

    @cached_property
    def names_languages(self) -> bool:
        return any(rule.language for rule in self.rules)

    def chosen(self, direction: str, *, tier: str = "", language: str = "") -> tuple[KnownRule, ...]:
        """Return those that count for a person of `tier` in a text of `language`."""
        return tuple(rule for rule in self.rules if rule.is_for(direction, tier, language))


NO_RULES = RuleSet()


def _load() -> RuleSet:
    rows = Rule.objects.filter(enabled=True).order_by("pk")
    return RuleSet(
        tuple(
            KnownRule(*row)
            for row in rows.values_list("pk", "kind", "content", "action", "direction", "language", "tier__name")
        )
    )


rules = Kept("moderation.rules", _load)
