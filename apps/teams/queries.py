"""Reading teams and their people."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from apps.accounts.models import User
from apps.teams.models import Team, TeamMembership, TeamRole


@dataclass(frozen=True)
class ListedTeam:
    """A team as one line of a list."""

    team: Team
    role: TeamRole
    people: int


def teams_of(user: User) -> list[ListedTeam]:
    """Return the teams `user` is in, by name. One query."""
    memberships = (
        TeamMembership.objects.filter(user=user)
        .select_related("team")
        .annotate(people=Count("team__memberships"))
        .order_by("team__name", "team_id")
    )
    return [ListedTeam(one.team, TeamRole(one.role), one.people) for one in memberships]


def members_of(team: Team) -> QuerySet[TeamMembership]:
    return team.memberships.select_related("user").order_by("created_at", "pk")
