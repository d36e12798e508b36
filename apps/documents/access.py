"""The only door from an id to a document for somebody."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from apps.accounts.models import User
from apps.core.errors import Forbidden, NotFound
from apps.documents.models import Document, Membership, Role


@dataclass(frozen=True)
class Access:
    """A document together with what the person who asked may do in it."""

    document: Document
    role: Role


def access_document(
    user: User | AnonymousUser, document_id: UUID, *, role: Role = Role.VIEWER, trashed: bool = False
) -> Access:
    """Return the document and the person's role in it. One query.

    Raises NotFound when it is absent, not shared with them, or in the trash (unless `trashed`): all alike outside.
    Raises Forbidden when they may see it but their role does not include `role`.
    """
    if not user.is_authenticated or not user.is_active:
        raise NotFound("There is no such document.")
    membership = Membership.objects.select_related("document").filter(document_id=document_id, user_id=user.pk).first()
    return access_by(membership, role=role, trashed=trashed)


def access_by(membership: Membership | None, *, role: Role = Role.VIEWER, trashed: bool = False) -> Access:
    """Return what `membership` opens, by the same rules; for who has read it together with other things."""
    if membership is None:
        raise NotFound("There is no such document.")
    if membership.document.trashed_at is not None and not trashed:
        raise NotFound("There is no such document.")
    own = Role(membership.role)
    if not own.includes(role):
        raise Forbidden(f"Your role here is {own.label.lower()}; this needs {role.label.lower()}.")
    return Access(membership.document, own)
