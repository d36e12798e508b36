"""REST: teams and their people."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from apps.accounts.authentication import DOCUMENTS, caller
from apps.accounts.models import User
from apps.core.errors import Conflict, Forbidden
from apps.core.paging import PAGED, PageFilter, PageOutput, counted, page_of
from apps.core.problems import refused_with
from apps.teams import services
from apps.teams.access import access_team
from apps.teams.invitations import invitation_path
from apps.teams.models import NAME_MAX_CHARACTERS, Team, TeamInvitation, TeamMembership, TeamRole
from apps.teams.queries import members_of, teams_of

router = Router(auth=DOCUMENTS, tags=["teams"])


class Input(Schema):
    model_config = ConfigDict(extra="forbid")


class TeamInput(Input):
    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARACTERS)]


class TeamMemberInput(Input):
    email: Annotated[str, Field(max_length=254)]
    role: TeamRole = TeamRole.MEMBER


class TeamRoleInput(Input):
    role: TeamRole


class TeamOutput(Schema):
    """`role`: your own in it."""

    id: UUID
    name: str
    role: TeamRole
    people: int
    created_at: datetime


class TeamListOutput(PageOutput):
    items: list[TeamOutput]


class TeamMemberOutput(Schema):
    id: UUID
    name: str
    email: str
    role: TeamRole
    you: bool


class TeamInvitationOutput(Schema):
    """`link`: where the invitation can be accepted, to hand over where no mail is sent."""

    email: str
    role: TeamRole
    link: str


class TeamMembersOutput(PageOutput):
    """A page of the `members`. `invitations`: all of them, shown to owners and admins, empty for members."""

    members: list[TeamMemberOutput]
    invitations: list[TeamInvitationOutput]


def _team(team: Team, role: TeamRole, people: int) -> dict[str, Any]:
    return {"id": team.pk, "name": team.name, "role": role, "people": people, "created_at": team.created_at}


def _member(membership: TeamMembership, you: User) -> dict[str, Any]:
    person = membership.user
    return {
        "id": person.pk,
        "name": person.display_name,
        "email": person.email,
        "role": membership.role,
        "you": person.pk == you.pk,
    }


def _invitation(request: HttpRequest, invitation: TeamInvitation) -> dict[str, Any]:
    link = request.build_absolute_uri(invitation_path(invitation))
    return {"email": invitation.email, "role": invitation.role, "link": link}


@router.get("/", response=TeamListOutput, openapi_extra=PAGED)
def list_teams(request: HttpRequest, response: HttpResponse, filters: Query[PageFilter]) -> Any:
    """The teams you are in, by name."""
    page = page_of(teams_of(caller(request)), filters, request, response)
    return {"items": [_team(one.team, one.role, one.people) for one in page], **counted(page)}


@router.post("/", response={201: TeamOutput, **refused_with(Conflict)})
def create_team(request: HttpRequest, body: TeamInput) -> Any:
    team = services.create_team(caller(request), name=body.name)
    return Status(201, _team(team, TeamRole.OWNER, 1))


@router.get("/{uuid:team_id}/", response=TeamOutput)
def read_team(request: HttpRequest, team_id: UUID) -> Any:
    access = access_team(caller(request), team_id)
    return _team(access.team, access.role, access.team.memberships.count())


@router.patch("/{uuid:team_id}/", response=TeamOutput)
def rename_team(request: HttpRequest, team_id: UUID, body: TeamInput) -> Any:
    access = access_team(caller(request), team_id, role=TeamRole.ADMIN)
    services.rename_team(access.team, name=body.name)
    return _team(access.team, access.role, access.team.memberships.count())


@router.delete("/{uuid:team_id}/", response={204: None})
def delete_team(request: HttpRequest, team_id: UUID) -> Any:
    """Deletes the team for good; its documents stay with the people who have a role of their own in them."""
    services.delete_team(access_team(caller(request), team_id, role=TeamRole.OWNER).team)
    return Status(204, None)


@router.get("/{uuid:team_id}/members/", response=TeamMembersOutput, openapi_extra=PAGED)
def list_team_members(request: HttpRequest, response: HttpResponse, team_id: UUID, filters: Query[PageFilter]) -> Any:
    access = access_team(caller(request), team_id)
    invitations = access.team.invitations.order_by("created_at", "pk") if access.role.can_manage else []
    page = page_of(members_of(access.team), filters, request, response)
    return {
        "members": [_member(membership, caller(request)) for membership in page],
        "invitations": [_invitation(request, found) for found in invitations],
        **counted(page),
    }


@router.post(
    "/{uuid:team_id}/members/", response={201: TeamMemberOutput | TeamInvitationOutput, **refused_with(Conflict)}
)
def add_team_member(request: HttpRequest, team_id: UUID, body: TeamMemberInput) -> Any:
    """Answers with the member, or with the invitation where nobody has an account with this address yet."""
    team = access_team(caller(request), team_id, role=TeamRole.ADMIN).team
    site = request.build_absolute_uri("/")
    added = services.invite(team, email=body.email, role=body.role, invited_by=caller(request), site=site)
    if isinstance(added, TeamMembership):
        return Status(201, _member(added, caller(request)))
    return Status(201, _invitation(request, added))


@router.patch("/{uuid:team_id}/members/{uuid:user_id}/", response={200: TeamMemberOutput, **refused_with(Conflict)})
def change_team_member(request: HttpRequest, team_id: UUID, user_id: UUID, body: TeamRoleInput) -> Any:
    team = access_team(caller(request), team_id, role=TeamRole.ADMIN).team
    return _member(services.change_role(team, user_id=user_id, role=body.role, by=caller(request)), caller(request))


@router.delete("/{uuid:team_id}/members/{uuid:user_id}/", response={204: None, **refused_with(Conflict)})
def remove_team_member(request: HttpRequest, team_id: UUID, user_id: UUID) -> Any:
    """Owners and admins remove anybody but, for admins, owners; everybody may leave."""
    access = access_team(caller(request), team_id)
    if user_id != caller(request).pk and not access.role.can_manage:
        raise Forbidden("Only an owner or an admin can remove people.")
    services.remove_member(access.team, user_id=user_id, by=caller(request))
    return Status(204, None)


@router.delete("/{uuid:team_id}/invitations/{email}/", response={204: None})
def withdraw_team_invitation(request: HttpRequest, team_id: UUID, email: str) -> Any:
    team = access_team(caller(request), team_id, role=TeamRole.ADMIN).team
    services.withdraw_invitation(team, email=email)
    return Status(204, None)
