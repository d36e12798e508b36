"""Mails about teams."""

from urllib.parse import urljoin

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import User
from apps.teams.invitations import invitation_path
from apps.teams.models import TeamInvitation, TeamMembership, TeamRole


def send_invitation(invitation: TeamInvitation, *, site: str) -> None:
    """Tell an address without an account; the link in it proves that the address is theirs."""
    _send(
        "invitation",
        invitation.email,
        inviter=invitation.invited_by,
        team=invitation.team.name,
        role=TeamRole(invitation.role),
        link=urljoin(site, invitation_path(invitation)),
    )


def send_added(membership: TeamMembership, *, invited_by: User, site: str) -> None:
    _send(
        "added",
        membership.user.email,
        inviter=invited_by,
        team=membership.team.name,
        role=TeamRole(membership.role),
        link=urljoin(site, reverse("team", args=[membership.team_id])),
    )


def _send(template: str, to: str, **context: object) -> None:
    subject = " ".join(render_to_string(f"teams/mail/{template}_subject.txt", context).split())
    send_mail(subject, render_to_string(f"teams/mail/{template}.txt", context), None, [to])
