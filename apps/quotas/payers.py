"""Who pays for what somebody asks for in a document: they themselves, or their team's pool, by the team's rule."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from apps.core.postgres import Statement, in_one_trip
from apps.quotas.allowances import Allowance, allowance_of, allowance_of_team
from apps.quotas.models import Pays
from apps.quotas.services import lock_team

# Of a team's documents only, and for its members only: a guest pays for themselves.
RULE = """
SELECT pool.pays FROM quotas_teampool pool
JOIN teams_teammembership member ON member.team_id = pool.team_id AND member.user_id = %s
WHERE pool.team_id = %s
"""


def find_rule(user_id: UUID, team_id: UUID | None) -> Pays:
    """Return the rule that holds for `user_id` in a document of `team_id` (None: of no team)."""
    if team_id is None:
        return Pays.PERSONAL_ONLY
    [rows] = in_one_trip(Statement(RULE, [user_id, team_id]))
    return Pays(rows[0][0]) if rows else Pays.PERSONAL_ONLY


def payers(
    user_id: UUID, team_id: UUID | None, *, own: Allowance | None = None, locked: bool = True
) -> Iterator[Allowance]:
    """Yield what those have who may pay, the first choice first; each is read when its turn has come.

    `own`: what the person has, where it was read under their lock already. `locked`: for reserving. The caller holds
    the person's lock, and the pool's is taken before the pool is read, so that a team is not held up by what its
    people pay themselves.
    """
    rule = find_rule(user_id, team_id)
    if rule in (Pays.PERSONAL_FIRST, Pays.PERSONAL_ONLY):
        yield own or allowance_of(user_id)
    if rule is Pays.PERSONAL_ONLY:
        return
    assert team_id is not None
    if locked:
        lock_team(team_id)
    yield allowance_of_team(team_id)
    if rule is Pays.TEAM_FIRST:
        yield own or allowance_of(user_id)


def payer_for(tokens: int, candidates: Iterable[Allowance]) -> Allowance:
    """Return the first that has so many tokens left; where none has, the first."""
    first: Allowance | None = None
    for allowance in candidates:
        if allowance.left is None or allowance.left >= tokens:
            return allowance
        first = first or allowance
    assert first is not None
    return first


def next_payer(user_id: UUID, team_id: UUID | None) -> Allowance:
    """Return what whoever pays next has, for showing it."""
    return payer_for(1, payers(user_id, team_id, locked=False))
