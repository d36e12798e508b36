"""Who pays for what somebody asks for in a document: they themselves, or their team's pool, by the team's rule."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

from django.utils import timezone

from apps.core.postgres import Statement
from apps.core.servers import InThread, Servers, run_now
from apps.quotas.allowances import Allowance, allowance_from, reading, reading_team
from apps.quotas.models import Pays
from apps.quotas.services import locking_team

# Of a team's documents only, and for its members only: a guest pays for themselves.
RULE = """
SELECT pool.pays FROM quotas_teampool pool
JOIN teams_teammembership member ON member.team_id = pool.team_id AND member.user_id = %(user)s
WHERE pool.team_id = %(team)s
"""


async def find_rule(servers: Servers, user_id: UUID, team_id: UUID | None) -> Pays:
    """Return the rule that holds for `user_id` in a document of `team_id` (None: of no team)."""
    if team_id is None:
        return Pays.PERSONAL_ONLY
    [rows] = await servers.sql(Statement(RULE, {"user": user_id, "team": team_id}))
    return Pays(rows[0][0]) if rows else Pays.PERSONAL_ONLY


async def payers(
    servers: Servers, user_id: UUID, team_id: UUID | None, *, own: Allowance | None = None, locked: bool = True
) -> AsyncGenerator[Allowance]:
    """Yield what those have who may pay, the first choice first; each is read when its turn has come.

    `own`: what the person has, where it was read under their lock already. `locked`: for reserving. The caller holds
    the person's lock, and the pool's is taken before the pool is read, so that a team is not held up by what its
    people pay themselves.
    """
    now = timezone.now()

    async def personal() -> Allowance:
        if own is not None:
            return own
        [[row]] = await servers.sql(reading(user_id, now))
        return allowance_from(row, now)

    rule = await find_rule(servers, user_id, team_id)
    if rule in (Pays.PERSONAL_FIRST, Pays.PERSONAL_ONLY):
        yield await personal()
    if rule is Pays.PERSONAL_ONLY:
        return
    assert team_id is not None
    lock = [locking_team(team_id)] if locked else []
    *_, [row] = await servers.sql(*lock, reading_team(team_id, now))
    yield replace(allowance_from(row, now), team_id=team_id)
    if rule is Pays.TEAM_FIRST:
        yield await personal()


async def payer_for(tokens: int, candidates: AsyncIterator[Allowance]) -> Allowance:
    """Return the first that has so many tokens left; where none has, the first."""
    first: Allowance | None = None
    async for allowance in candidates:
        if allowance.left is None or allowance.left >= tokens:
            return allowance
        first = first or allowance
    assert first is not None
    return first


async def all_payers(servers: Servers, user_id: UUID, team_id: UUID | None) -> list[Allowance]:
    """Return what everybody has who may pay, the first choice first, for showing it. Reserves nothing."""
    return [allowance async for allowance in payers(servers, user_id, team_id, locked=False)]


def all_payers_now(user_id: UUID, team_id: UUID | None) -> list[Allowance]:
    """As `all_payers`, in a thread."""
    return run_now(all_payers(InThread(), user_id, team_id))


def first_with_tokens(candidates: Sequence[Allowance]) -> Allowance:
    """Return who pays next: the first that has a token left; where none has, the first."""
    return next((one for one in candidates if one.left is None or one.left > 0), candidates[0])


def next_payer(user_id: UUID, team_id: UUID | None) -> Allowance:
    """Return what whoever pays next has, for showing it."""
    return first_with_tokens(all_payers_now(user_id, team_id))
