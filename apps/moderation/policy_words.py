"""Policies in words: what holds, and who set it for whom."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.accounts.models import User
from apps.moderation.models import AfterChecks, Mode, Routes, Screening, Spenders
from apps.moderation.policies import EVERYTHING, FIELDS, Level, Policy, strictest
from apps.quotas.models import Tier
from apps.teams.models import Team

SENTENCES = {
    Mode.OFF: "The assistant is off.",
    Mode.SUGGESTIONS: "The assistant only makes suggestions: it does not write or rewrite whole passages.",
    Routes.LOCAL: "Only models of this installation are asked: no text leaves it.",
    Spenders.EDITORS: "Only owners, and editors who were invited themselves, may ask the assistant.",
    Spenders.OWNERS: "Only owners may ask the assistant.",
    Screening.STRICT: "Requests are screened strictly.",
    AfterChecks.TRANSCRIPTS: "Answers are looked at once more afterwards.",
    AfterChecks.EVERYTHING: "Answers and the document are looked at once more afterwards.",
}


def says(policy: Policy) -> list[str]:
    """Return what a policy says, in sentences; none where it lets everything."""
    return list(_sentences(policy, policy))


@dataclass(frozen=True)
class Held:
    """What one level holds of what is in force. `by`: who set it, for whom."""

    level: Level
    says: tuple[str, ...]
    by: str


def held_by(levels: Sequence[Level]) -> list[Held]:
    """Return which of `levels` hold what is in force, the widest first. Reads names: two queries at most."""
    together = strictest(level.policy for level in levels)
    said = [(level, tuple(_sentences(level.policy, together))) for level in levels]
    holding = [(level, sentences) for level, sentences in said if sentences]
    names = _names(level for level, _ in holding)
    return [Held(level, sentences, names[level]) for level, sentences in holding]


def _sentences(policy: Policy, together: Policy) -> Iterator[str]:
    """Yield what `policy` says that is in force, and is not what holds anyway."""
    for name in FIELDS:
        choice = getattr(policy, name)
        if choice is getattr(together, name) and choice is not getattr(EVERYTHING, name):
            yield SENTENCES[choice]


def _names(levels: Iterable[Level]) -> dict[Level, str]:
    levels = list(levels)
    ours = [level for level in levels if level.kind in ("team", "document") and level.changed_by_id]
    people = names_of(level.changed_by_id for level in ours)
    found = {}
    for level in levels:
        who = people.get(level.changed_by_id) if level.changed_by_id else None
        if level.kind == "document":
            found[level] = f"{who or 'Somebody'}, for this document"
        elif level.kind == "team":
            team = Team.objects.filter(pk=level.place).first()
            found[level] = f"{who or 'Somebody'}, for the team {team or ''}".rstrip()
        elif level.kind == "tier":
            tier = Tier.objects.filter(name=level.place).first()
            found[level] = f"The administrators, for the tier {tier or level.place}"
        else:
            found[level] = "The administrators, for everybody"
    return found


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return the names of people by their ids; those whose account is gone have none."""
    wanted = {one for one in ids if one is not None}
    return {user.pk: user.display_name for user in User.objects.filter(pk__in=wanted)} if wanted else {}
