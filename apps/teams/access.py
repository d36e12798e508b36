"""The only door from an id to a team for somebody."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from apps.accounts.models import User
from apps.core.errors import Forbidden, NotFound
from apps.teams.models import Team, TeamMembership, TeamRole


@dataclass(frozen=True)
class TeamAccess:
    """A team together with what the person who asked may do in it."""

    team: Team
    role: TeamRole


def access_team(user: User | AnonymousUser, team_id: UUID, *, role: TeamRole = TeamRole.MEMBER) -> TeamAccess:
    """Return the team and the person's role in it. One query.

    Raises NotFound when it is absent or they are not in it: both alike outside. Raises Forbidden when their role does
    not include `role`.
    """
    if not user.is_authenticated or not user.is_active:
        raise NotFound("There is no such team.")
    membership = TeamMembership.objects.select_related("team").filter(team_id=team_id, user_id=user.pk).first()
    if membership is None:
        raise NotFound("There is no such team.")
    own = TeamRole(membership.role)
    if not own.includes(role):
        raise Forbidden(f"Your role in this team is {own.label.lower()}; this needs {role.label.lower()}.")
    return TeamAccess(membership.team, own)
