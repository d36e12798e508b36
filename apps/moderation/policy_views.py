"""The page of a team's assistant policy: what it says, how admins change it, and what it has said."""

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.core.errors import Forbidden, NotFound
from apps.moderation.models import PolicyVersion
from apps.moderation.policies import EVERYTHING, FIELDS, policy_of, publish, versions
from apps.moderation.policy_forms import PolicyForm
from apps.moderation.policy_words import names_of, says
from apps.teams.access import TeamAccess, access_team
from apps.teams.models import TeamRole


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def team_policy(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Show what the team's policy says; admins set another."""
    assert isinstance(request.user, User)  # login_required stands in front
    role = TeamRole.MEMBER if request.method == "GET" else TeamRole.ADMIN
    try:
        access = access_team(request.user, team_id, role=role)
    except NotFound as error:
        raise Http404(error.message) from None
    except Forbidden as error:
        raise PermissionDenied(error.message) from None
    if request.method == "GET":
        latest = versions(team_id=team_id).first()
        policy = policy_of(latest) if latest else EVERYTHING
        return _page(request, access, PolicyForm(initial={name: getattr(policy, name) for name in FIELDS}))
    form = PolicyForm(request.POST, instance=PolicyVersion(team_id=team_id, changed_by=request.user))
    if not form.is_valid():
        return _page(request, access, form, status=HTTPStatus.BAD_REQUEST)
    publish(form.save(commit=False))
    messages.success(request, "The policy was set. It holds now, in all documents of the team.")
    return redirect("team_policy", team_id)


def _page(
    request: HttpRequest, access: TeamAccess, form: PolicyForm, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    rows = list(versions(team_id=access.team.pk)[: settings.POLICY_VERSIONS_SHOWN])
    names = names_of(row.changed_by_id for row in rows)
    told = [
        {"row": row, "says": says(policy_of(row)), "who": names.get(row.changed_by_id or UUID(int=0))} for row in rows
    ]
    context = {"team": access.team, "may_change": access.role.can_manage, "form": form, "versions": told}
    return render(request, "moderation/team_policy.html", context, status=status)
