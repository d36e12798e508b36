"""The only door from an id to a document for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.accounts.suspension import SUSPENDED, Suspended
from apps.core.errors import Forbidden, NotFound
from apps.core.postgres import Statement, in_one_trip
from apps.documents.models import Document, Membership, Role, ShareLink, strongest
from apps.teams.models import TeamMembership

LONG = ("text", "outline")  # read when somebody wants them
FIELDS = [field.attname for field in Document._meta.concrete_fields if field.attname not in LONG]
# The roles of `{user}` by links that stand, and when the first of those ends. Of no link: one row of nulls.
BY_LINKS = """
LEFT JOIN LATERAL (
    SELECT array_agg(l.role) AS roles, min(l.expires_at) AS ends
    FROM documents_sharelink l JOIN documents_linkvisit v ON v.link_id = l.id
    WHERE l.document_id = d.id AND v.user_id = {user} AND (l.expires_at IS NULL OR l.expires_at > now())
) by_links ON true
"""
# In SQL of our own: it stands before every first token, and Django takes 1 ms to put it together.
ASK = f"""
SELECT m.role, by_links.roles, by_links.ends, {", ".join(f'd."{name}"' for name in FIELDS)},
    coalesce(u.suspended_until > now(), false), t.id IS NOT NULL
FROM documents_document d
LEFT JOIN accounts_user u ON u.id = %(user)s
LEFT JOIN documents_membership m ON m.document_id = d.id AND m.user_id = %(user)s
LEFT JOIN teams_teammembership t ON t.team_id = d.team_id AND t.user_id = %(user)s
{BY_LINKS.format(user="%(user)s")}
WHERE d.id = %(document)s
"""  # noqa: S608  (columns of our own model)
ASK_COLUMNS = len(FIELDS) + 5  # the last of them is never null


@dataclass(frozen=True)
class Access:
    """A document together with what the person who asked may do in it.

    `own`: the role they have themselves, without their team and without links. `until`: when the first of the links
    ends that they hold something by; their role has to be asked for again then.
    """

    document: Document
    role: Role
    own: Role | None = None
    until: datetime | None = None


def access_document(
    user: User | AnonymousUser, document_id: UUID, *, role: Role = Role.VIEWER, trashed: bool = False
) -> Access:
    """Return the document and the person's role in it. One query.

    Raises NotFound when it is absent, not shared with them, or in the trash (unless `trashed`): all alike outside.
    Raises Forbidden when they may see it but their role does not include `role`, and Suspended.
    """
    [rows] = in_one_trip(asking(user, document_id))
    return permit(answered(rows), role=role, trashed=trashed)


def asking(user: User | AnonymousUser, document_id: UUID) -> Statement:
    """Return the statement whose rows `answered` takes, for who reads other things in the same round trip.

    Raises NotFound where `user` may see nothing at all.
    """
    if not user.is_authenticated or not user.is_active:
        raise NotFound("There is no such document.")
    return Statement(ASK, {"user": user.pk, "document": document_id})


def answered(rows: Sequence[Sequence[Any]]) -> Access | None:
    """Return what the rows of `asking` say somebody holds; of the document, all but the long texts is read.

    Raises Suspended: who asks over an open socket may have been let in before.
    """
    if not rows:
        return None
    [[own_role, link_roles, ends, *values, is_suspended, in_team]] = rows
    if is_suspended:
        raise Suspended(SUSPENDED)
    return held(Document.from_db("default", FIELDS, values), own_role, in_team, link_roles, ends)


def with_roles(documents: QuerySet[Document], user: User) -> QuerySet[Any]:
    """Add to each document what `held` takes: `own_role`, `in_team`, `link_roles` and `link_ends` of `user` there."""
    own = Membership.objects.filter(document=OuterRef("pk"), user_id=user.pk).values("role")[:1]
    in_team = TeamMembership.objects.filter(team=OuterRef("team_id"), user_id=user.pk)
    links = standing_links().filter(document=OuterRef("pk"), visits__user_id=user.pk)
    return documents.annotate(
        own_role=Subquery(own),
        in_team=Exists(in_team),
        link_roles=ArraySubquery(links.values("role")),
        link_ends=Subquery(links.order_by("expires_at").values("expires_at")[:1]),  # nulls are last
    )


def standing_links() -> QuerySet[ShareLink]:
    return ShareLink.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))


def held(
    document: Document,
    own_role: str | None,
    in_team: bool,
    link_roles: Sequence[str] | None = None,
    link_ends: datetime | None = None,
) -> Access | None:
    """Return what a person holds in `document`: the strongest of their own role, their team's and those of links.

    None: nothing.
    """
    role = strongest(own_role, document.team_role if in_team else None, *(link_roles or ()))
    return Access(document, role, Role(own_role) if own_role else None, link_ends) if role else None


def held_in(document: Any) -> Access | None:
    """As `held`, for a document of `with_roles`."""
    return held(document, document.own_role, document.in_team, document.link_roles, document.link_ends)


def permit(access: Access | None, *, role: Role = Role.VIEWER, trashed: bool = False) -> Access:
    """Return `access` where it is enough, by the rules of `access_document`; for who has read it with other things."""
    if access is None:
        raise NotFound("There is no such document.")
    if access.document.trashed_at is not None and not trashed:
        raise NotFound("There is no such document.")
    if not access.role.includes(role):
        raise Forbidden(f"Your role here is {access.role.label.lower()}; this needs {role.label.lower()}.")
    return access
