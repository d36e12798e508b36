"""Mails about sharing, and to who is mentioned."""

from urllib.parse import urljoin

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import User
from apps.documents.invitations import invitation_path
from apps.documents.models import Comment, Invitation, Membership, Role


def send_invitation(invitation: Invitation, *, site: str) -> None:
    """Tell an address without an account; the link in it proves that the address is theirs."""
    _send(
        "invitation",
        invitation.email,
        inviter=invitation.invited_by,
        title=str(invitation.document),
        role=Role(invitation.role),
        link=urljoin(site, invitation_path(invitation)),
    )


def send_shared(membership: Membership, *, invited_by: User, site: str) -> None:
    _send(
        "shared",
        membership.user.email,
        inviter=invited_by,
        title=str(membership.document),
        role=Role(membership.role),
        link=urljoin(site, reverse("document", args=[membership.document_id])),
    )


def send_mentioned(comment: Comment, person: User, *, site: str) -> None:
    """Tell somebody that they are mentioned, and where; what was said stays in the document."""
    path = reverse("document", args=[comment.thread.document_id])
    _send(
        "mentioned",
        person.email,
        author=comment.author,
        title=str(comment.thread.document),
        link=urljoin(site, f"{path}#comment-{comment.thread_id}"),
        settings_link=urljoin(site, reverse("settings")),
    )


def _send(template: str, to: str, **context: object) -> None:
    subject = " ".join(render_to_string(f"documents/mail/{template}_subject.txt", context).split())
    send_mail(subject, render_to_string(f"documents/mail/{template}.txt", context), None, [to])
