"""Invitations follow verified addresses, and access follows teams."""

from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in
from django.dispatch import receiver

from apps.accounts.models import User
from apps.documents.models import Document
from apps.documents.services import claim_invitations
from apps.documents.signals import access_changed
from apps.teams.signals import membership_changed


@receiver(email_confirmed)
def _on_email_confirmed(email_address: EmailAddress, **_: Any) -> None:
    claim_invitations(email_address.user, verified_email=email_address.email)


@receiver(user_logged_in)
def _on_log_in(user: User, **_: Any) -> None:
    """Claim for addresses that were verified elsewhere (by a social log-in, in the admin)."""
    for address in EmailAddress.objects.filter(user=user, verified=True):
        claim_invitations(user, verified_email=address.email)


@receiver(membership_changed, dispatch_uid="documents.membership_changed")
def _on_team_changed(user_id: UUID, **_: Any) -> None:
    """Have the person's sockets looked at again, in whichever of the team's documents they are."""
    access_changed.send_robust(sender=Document, document_id=None, user_id=user_id)
