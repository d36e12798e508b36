"""The signed link of an invitation: whoever holds it may accept the invitation, once, for two weeks.

An address alone is no proof: without a mail server nobody verifies addresses, and a stranger could sign up with the
one that was invited. So an invitation is claimed by an address that was verified (`receivers`), or by this link,
which is mailed to the address and shown to the owner, who gave the access and may hand it over.
"""

from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.invitations import OVER, read_invitation, sign_invitation
from apps.core.errors import NotFound
from apps.documents.models import Invitation

SALT = "documents.invitation"


def invitation_path(invitation: Invitation) -> str:
    """Return the path of the page where `invitation` can be accepted, valid from now."""
    token = sign_invitation(invitation.pk, invitation.email, salt=SALT)
    # In the query, which access logs leave out: who reads the logs must not be able to accept.
    return f"{reverse('invitation')}?{urlencode({'token': token})}"


def find_invitation(token: str) -> Invitation:
    """Raises NotFound for a forged or old token, and when the invitation was withdrawn or used."""
    pk, email = read_invitation(token, salt=SALT)
    invitation = Invitation.objects.select_related("document", "invited_by").filter(pk=pk, email=email).first()
    if invitation is None or invitation.document.trashed_at is not None:
        raise NotFound(OVER)
    return invitation
