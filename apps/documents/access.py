"""The only door from an id to a document for somebody."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from apps.accounts.models import User
from apps.core.errors import Forbidden, NotFound
from apps.documents.models import Document, Membership, Role, strongest
from apps.teams.models import TeamMembership


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
    found = with_roles(Document.objects.filter(pk=document_id), user).first()
    return permit(held(found, found.own_role, found.in_team) if found else None, role=role, trashed=trashed)


def with_roles(documents: QuerySet[Document], user: User) -> QuerySet[Any]:
    """Add to each document the `own_role` of `user` in it, and whether they are `in_team`."""
    own = Membership.objects.filter(document=OuterRef("pk"), user_id=user.pk).values("role")[:1]
    in_team = TeamMembership.objects.filter(team=OuterRef("team_id"), user_id=user.pk)
    return documents.annotate(own_role=Subquery(own), in_team=Exists(in_team))


def held(document: Document, own_role: str | None, in_team: bool) -> Access | None:
    """Return what a person holds in `document`: their own role or their team's, the stronger one. None: nothing."""
    role = strongest(own_role, document.team_role if in_team else None)
    return Access(document, role) if role else None


def permit(access: Access | None, *, role: Role = Role.VIEWER, trashed: bool = False) -> Access:
    """Return `access` where it is enough, by the rules of `access_document`; for who has read it with other things."""
    if access is None:
        raise NotFound("There is no such document.")
    if access.document.trashed_at is not None and not trashed:
        raise NotFound("There is no such document.")
    if not access.role.includes(role):
        raise Forbidden(f"Your role here is {access.role.label.lower()}; this needs {role.label.lower()}.")
    return access
