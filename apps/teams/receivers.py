"""Invitations follow verified addresses."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in
from django.dispatch import receiver

from apps.accounts.models import User
from apps.teams.services import claim_invitations


@receiver(email_confirmed, dispatch_uid="teams.email_confirmed")
def _on_email_confirmed(email_address: EmailAddress, **_: Any) -> None:
    claim_invitations(email_address.user, verified_email=email_address.email)


@receiver(user_logged_in, dispatch_uid="teams.user_logged_in")
def _on_log_in(user: User, **_: Any) -> None:
    """Claim for addresses that were verified elsewhere (by a social log-in, in the admin)."""
    for address in EmailAddress.objects.filter(user=user, verified=True):
        claim_invitations(user, verified_email=address.email)
