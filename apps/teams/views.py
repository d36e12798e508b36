"""The pages of teams. Each is a door to `queries` or `services`."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.invitation_page import invitation_page
from apps.accounts.models import User
from apps.core.errors import Forbidden, InterlineError, NotFound
from apps.teams import services
from apps.teams.access import TeamAccess, access_team
from apps.teams.forms import InviteForm, TeamForm, choices_below
from apps.teams.invitations import find_invitation, invitation_path
from apps.teams.models import TeamInvitation, TeamMembership, TeamRole
from apps.teams.queries import members_of, teams_of


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands in front
    return request.user


def _open(request: HttpRequest, team_id: UUID, *, role: TeamRole = TeamRole.MEMBER) -> TeamAccess:
    """Ask the door on behalf of a page. Raises Http404 and PermissionDenied."""
    try:
        return access_team(request.user, team_id, role=role)
    except NotFound as error:
        raise Http404(error.message) from None
    except Forbidden as error:
        raise PermissionDenied(error.message) from None


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def team_list(request: HttpRequest) -> HttpResponse:
    """List the teams; make one."""
    form = TeamForm(request.POST or None)
    status = HTTPStatus.OK
    if request.method == "POST":
        if form.is_valid():
            try:
                team = services.create_team(_person(request), name=form.cleaned_data["name"])
                return redirect("team", team.pk)
            except InterlineError as error:
                form.add_error(None, error.message)
        status = HTTPStatus.BAD_REQUEST
    return render(request, "teams/list.html", {"teams": teams_of(_person(request)), "form": form}, status=status)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def team_page(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Show a team and its people; invite somebody."""
    if request.method == "GET":
        access = _open(request, team_id)
        return _page(request, access, InviteForm(own_role=access.role))
    access = _open(request, team_id, role=TeamRole.ADMIN)
    form = InviteForm(request.POST, own_role=access.role)
    if form.is_valid():
        try:
            _invite(request, access, form)
            return redirect("team", team_id)
        except InterlineError as error:
            form.add_error("email", error.message)
    return _page(request, access, form, status=HTTPStatus.BAD_REQUEST)


def _invite(request: HttpRequest, access: TeamAccess, form: InviteForm) -> None:
    email, role = form.cleaned_data["email"], TeamRole(form.cleaned_data["role"])
    site = request.build_absolute_uri("/")
    added = services.invite(access.team, email=email, role=role, invited_by=_person(request), site=site)
    if isinstance(added, TeamMembership):
        messages.success(request, f"{added.user.display_name} is in the team now.")
    else:
        messages.success(request, f"{added.email} is invited. Until they have accepted, the link stands below.")


def _page(
    request: HttpRequest, access: TeamAccess, form: InviteForm, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    own = access.role
    members = [
        {
            "user": one.user,
            "role": TeamRole(one.role),
            "is_you": one.user_id == _person(request).pk,
            "can_change": own.can_manage and own.includes(TeamRole(one.role)),
        }
        for one in members_of(access.team)
    ]
    invitations: list[dict[str, Any]] = []
    if own.can_manage:
        invitations = [
            {
                "email": one.email,
                "role": TeamRole(one.role),
                "link": request.build_absolute_uri(invitation_path(one)),
            }
            for one in access.team.invitations.order_by("created_at", "pk")
        ]
    context = {
        "team": access.team,
        "role": own,
        "members": members,
        "invitations": invitations,
        "roles": choices_below(own),
        "form": form,
        "documents": f"{reverse('documents')}?{urlencode({'tab': 'team', 'team': str(access.team.pk)})}",
    }
    return render(request, "teams/team.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, team_id: UUID) -> HttpResponse:
    team = _open(request, team_id, role=TeamRole.ADMIN).team
    form = TeamForm(request.POST or None, initial={"name": team.name})
    if request.method == "GET":
        return render(request, "teams/rename.html", {"team": team, "form": form})
    if form.is_valid():
        try:
            services.rename_team(team, name=form.cleaned_data["name"])
            return redirect("team", team_id)
        except InterlineError as error:
            form.add_error("name", error.message)
    return render(request, "teams/rename.html", {"team": team, "form": form}, status=HTTPStatus.BAD_REQUEST)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Ask, then delete for good."""
    team = _open(request, team_id, role=TeamRole.OWNER).team
    if request.method == "GET":
        return render(request, "teams/delete.html", {"team": team, "documents": team.documents.count()})
    services.delete_team(team)
    messages.success(request, f"The team “{team}” was deleted.")
    return redirect("teams")


@login_required
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, team_id: UUID) -> HttpResponse:
    team = _open(request, team_id).team
    if request.method == "GET":
        return render(request, "teams/leave.html", {"team": team})
    person = _person(request)
    try:
        services.remove_member(team, user_id=person.pk, by=person)
    except InterlineError as error:
        messages.error(request, error.message)
        return redirect("team", team_id)
    messages.success(request, f"You left “{team}”.")
    return redirect("teams")


@login_required
@require_POST
def change_role(request: HttpRequest, team_id: UUID, user_id: UUID) -> HttpResponse:
    team = _open(request, team_id, role=TeamRole.ADMIN).team
    role = request.POST.get("role", "")

    def change() -> str:
        if role not in TeamRole.values:
            raise NotFound("There is no such role.")
        changed = services.change_role(team, user_id=user_id, role=TeamRole(role), by=_person(request))
        return f"{changed.user.display_name} is {TeamRole(role).label.lower()} now."

    return _done(request, team_id, change)


@login_required
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, team_id: UUID, user_id: UUID) -> HttpResponse:
    """Ask, then take somebody out."""
    team = _open(request, team_id, role=TeamRole.ADMIN).team
    membership = team.memberships.select_related("user").filter(user_id=user_id).first()
    if membership is None:
        raise Http404
    if request.method == "GET":
        return render(request, "teams/remove.html", {"team": team, "person": membership.user})

    def take_out() -> str:
        services.remove_member(team, user_id=user_id, by=_person(request))
        return f"{membership.user.display_name} is no longer in the team."

    return _done(request, team_id, take_out)


@login_required
@require_POST
def withdraw(request: HttpRequest, team_id: UUID) -> HttpResponse:
    team = _open(request, team_id, role=TeamRole.ADMIN).team
    email = request.POST.get("email", "")

    def take_back() -> str:
        services.withdraw_invitation(team, email=email)
        return f"The invitation of {email} was withdrawn."

    return _done(request, team_id, take_back)


def _done(request: HttpRequest, team_id: UUID, work: Callable[[], str]) -> HttpResponse:
    """Do `work`, say what it says, and go back to the team's page."""
    try:
        messages.success(request, work())
    except InterlineError as error:
        messages.error(request, error.message)
    return redirect("team", team_id)


@require_http_methods(["GET", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Show an invitation to whoever holds its link, and let a signed-in person accept it."""

    def accept(found: TeamInvitation, user: User) -> HttpResponse:
        services.accept_invitation(found, user=user)
        return redirect("team", found.team_id)

    return invitation_page(request, "teams/invitation.html", find_invitation, accept)
