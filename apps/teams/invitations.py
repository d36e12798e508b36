"""The signed link of an invitation to a team; see `apps.documents.invitations` for why there is one."""

from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.invitations import OVER, read_invitation, sign_invitation
from apps.core.errors import NotFound
from apps.teams.models import TeamInvitation

SALT = "teams.invitation"


def invitation_path(invitation: TeamInvitation) -> str:
    """Return the path of the page where `invitation` can be accepted, valid from now."""
    token = sign_invitation(invitation.pk, invitation.email, salt=SALT)
    # In the query, which access logs leave out: who reads the logs must not be able to accept.
    return f"{reverse('team_invitation')}?{urlencode({'token': token})}"


def find_invitation(token: str) -> TeamInvitation:
    """Raises NotFound for a forged or old token, and when the invitation was withdrawn or used."""
    pk, email = read_invitation(token, salt=SALT)
    invitation = TeamInvitation.objects.select_related("team", "invited_by").filter(pk=pk, email=email).first()
    if invitation is None:
        raise NotFound(OVER)
    return invitation
