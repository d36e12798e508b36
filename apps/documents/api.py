"""REST: documents and their people."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, ConfigDict, Field

from apps.accounts.api import WritingInput, WritingOutput
from apps.accounts.authentication import DOCUMENTS, caller, caller_key
from apps.accounts.models import Scope, User
from apps.accounts.writing import change_writing
from apps.core.errors import Conflict, Forbidden, Invalid, NotFound
from apps.core.paging import PAGED, PageFilter, PageOutput, counted, page_of
from apps.core.problems import refused_with
from apps.documents import links, services
from apps.documents.access import access_document
from apps.documents.invitations import invitation_path
from apps.documents.models import TITLE_MAX_CHARACTERS, Document, DocumentWriting, Invitation, Membership, Role
from apps.documents.queries import ListedDocument, Shelf, list_documents, members_of
from apps.teams.access import access_team

router = Router(auth=DOCUMENTS, tags=["documents"])

Title = Annotated[str, Field(max_length=TITLE_MAX_CHARACTERS)]
TeamDocumentRole = Literal[Role.EDITOR, Role.COMMENTER, Role.VIEWER]
LinkRole = TeamDocumentRole
LinkPassword = Annotated[
    str,
    Field(
        min_length=settings.LINK_PASSWORD_MIN_CHARACTERS,
        max_length=settings.LINK_PASSWORD_MAX_CHARACTERS,
        examples=["seven herons wade"],
    ),
]
LinkExpiry = Annotated[AwareDatetime, Field(examples=["2030-01-31T18:00:00Z"])]


class Input(Schema):
    """What clients send: unknown fields are refused, so that a typing error is not taken for a success."""

    model_config = ConfigDict(extra="forbid")


class DocumentInput(Input):
    """`team`: share it with this team of yours, whose members may then edit it. `markdown`: the text to begin with."""

    title: Title = ""
    team: UUID | None = None
    markdown: Annotated[str, Field(max_length=settings.CONTENT_MAX_BYTES)] = ""


class DocumentChanges(Input):
    """What is left out stays. Editors may set the title; `team` (null: none) and `team_role` are the owner's."""

    title: Title | None = None
    team: UUID | None = None
    team_role: TeamDocumentRole | None = None


class MemberInput(Input):
    email: Annotated[str, Field(max_length=254)]
    role: Role


class RoleInput(Input):
    role: Role


class LinkInput(Input):
    """`expires_at`: null for a link that stands until it is revoked. `password`: null where none is asked for."""

    role: Annotated[LinkRole, Field(examples=["commenter"])]
    expires_at: LinkExpiry | None = None
    password: LinkPassword | None = None


class LinkChanges(Input):
    """What is left out stays; null takes the expiry or the password away."""

    role: Annotated[LinkRole | None, Field(examples=["viewer"])] = None
    expires_at: LinkExpiry | None = None
    password: LinkPassword | None = None


class PersonOutput(Schema):
    id: UUID
    name: str


class DocumentTeamOutput(Schema):
    """The team it is shared with, and what everybody in it may do."""

    id: UUID
    name: str
    role: Role


class DocumentOutput(Schema):
    """`edited_at` and `word_count` follow the text within seconds; `trashed_at` is null outside the trash."""

    id: UUID
    title: str
    role: Role
    word_count: int
    created_at: datetime
    edited_at: datetime
    edited_by: PersonOutput | None
    trashed_at: datetime | None
    team: DocumentTeamOutput | None


class ListedOutput(DocumentOutput):
    """`excerpt`: the text around the first searched word, empty where only the title has it."""

    excerpt: str


class ListOutput(Schema):
    items: list[ListedOutput]
    count: int
    page: int
    pages: int


class MemberOutput(Schema):
    id: UUID
    name: str
    email: str
    role: Role
    you: bool


class InvitationOutput(Schema):
    """`link`: where the invitation can be accepted, to hand over where no mail is sent."""

    email: str
    role: Role
    link: str


class LinkOutput(Schema):
    """`url`: what to hand over; null for an API key that may only read. `people`: how many have opened it."""

    id: UUID
    role: Role
    url: Annotated[str | None, Field(examples=["https://interline.example/s/YqPp5tqB0w…/"])]
    has_password: bool
    is_expired: bool
    people: int
    created_by: PersonOutput | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class LinksOutput(PageOutput):
    items: list[LinkOutput]


class MembersOutput(PageOutput):
    """A page of the `members`, and all `invitations`."""

    members: list[MemberOutput]
    invitations: list[InvitationOutput]
    team: DocumentTeamOutput | None


class ListFilter(Schema):
    q: str = ""
    tab: Shelf = Shelf.ALL
    team: UUID | None = None
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=settings.DOCUMENT_LIST_PAGE_SIZE_MAX)] = settings.DOCUMENT_LIST_PAGE_SIZE


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


def _document(document: Document, role: Role) -> dict[str, Any]:
    editor = document.edited_by
    return {
        "id": document.pk,
        "title": document.title,
        "role": role,
        "word_count": document.word_count,
        "created_at": document.created_at,
        "edited_at": document.edited_at,
        "edited_by": {"id": editor.pk, "name": editor.display_name} if editor else None,
        "trashed_at": document.trashed_at,
        "team": _team(document),
    }


def _team(document: Document) -> dict[str, Any] | None:
    team = document.team
    return {"id": team.pk, "name": team.name, "role": document.team_role} if team else None


def _listed(listed: ListedDocument) -> dict[str, Any]:
    return {**_document(listed.document, listed.role), "excerpt": listed.excerpt}


def _member(membership: Membership, you: User) -> dict[str, Any]:
    person = membership.user
    return {
        "id": person.pk,
        "name": person.display_name,
        "email": person.email,
        "role": membership.role,
        "you": person.pk == you.pk,
    }


def _invitation(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    link = request.build_absolute_uri(invitation_path(invitation))
    return {"email": invitation.email, "role": invitation.role, "link": link}


def _link(request: HttpRequest, link: Any) -> dict[str, Any]:
    key, maker = caller_key(request), link.created_by
    # Reading must not become more than that: who has the address of an editors' link can make themselves an editor.
    may_see = key is None or Scope.DOCUMENTS_WRITE in key.scopes
    return {
        "id": link.pk,
        "role": link.role,
        "url": request.build_absolute_uri(links.link_path(link)) if may_see else None,
        "has_password": bool(link.password_hash),
        "is_expired": not link.stands(timezone.now()),
        "people": getattr(link, "people", 0),
        "created_by": {"id": maker.pk, "name": maker.display_name} if maker else None,
        "created_at": link.created_at,
        "expires_at": link.expires_at,
        "last_used_at": link.last_used_at,
    }


@router.post("/", response={201: DocumentOutput, **refused_with(Conflict, NotFound)})
def create(request: HttpRequest, body: DocumentInput) -> Any:
    team = access_team(caller(request), body.team).team if body.team else None
    document = services.create_document(caller(request), title=body.title, team=team, markdown=body.markdown)
    return Status(201, _document(document, Role.OWNER))


@router.get("/", response=ListOutput)
def list_all(request: HttpRequest, filters: Query[ListFilter]) -> Any:
    page = list_documents(
        caller(request),
        shelf=filters.tab,
        query=filters.q,
        team_id=filters.team,
        page=filters.page,
        page_size=filters.page_size,
    )
    return {
        "items": [_listed(listed) for listed in page.object_list],
        "count": page.paginator.count,
        "page": page.number,
        "pages": page.paginator.num_pages,
    }


@router.get("/{uuid:document_id}/", response=DocumentOutput)
def read(request: HttpRequest, document_id: UUID) -> Any:
    access = access_document(caller(request), document_id)
    return _document(access.document, access.role)


@router.patch("/{uuid:document_id}/", response=DocumentOutput)
@transaction.atomic
def change(request: HttpRequest, document_id: UUID, body: DocumentChanges) -> Any:
    changed = body.model_fields_set
    role = Role.OWNER if changed & {"team", "team_role"} else Role.EDITOR
    access = access_document(caller(request), document_id, role=role)
    if body.title is not None:
        services.rename_document(access.document, title=body.title, renamed_by=caller(request))
    if role is Role.OWNER:
        _change_team(caller(request), access.document, body)
    return _document(access.document, access.role)


def _change_team(person: User, document: Document, body: DocumentChanges) -> None:
    team = document.team
    if "team" in body.model_fields_set and body.team != document.team_id:
        team = access_team(person, body.team).team if body.team else None
    services.share_with_team(document, team, role=Role(body.team_role or document.team_role))


@router.delete("/{uuid:document_id}/", response={204: None})
def delete(request: HttpRequest, document_id: UUID, purge: bool = False) -> Any:
    """Move to the trash; with `purge=true` delete for good."""
    access = access_document(caller(request), document_id, role=Role.OWNER, trashed=True)
    if purge:
        services.purge_document(access.document)
    else:
        services.trash_document(access.document)
    return Status(204, None)


@router.post("/{uuid:document_id}/restore", response=DocumentOutput)
def restore(request: HttpRequest, document_id: UUID) -> Any:
    access = access_document(caller(request), document_id, role=Role.OWNER, trashed=True)
    services.restore_document(access.document)
    access.document.refresh_from_db()
    return _document(access.document, access.role)


@router.get("/{uuid:document_id}/members/", response=MembersOutput, openapi_extra=PAGED)
def list_members(request: HttpRequest, response: HttpResponse, document_id: UUID, filters: Query[PageFilter]) -> Any:
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    page = page_of(members_of(document), filters, request, response)
    return {
        "members": [_member(membership, caller(request)) for membership in page],
        "invitations": [_invitation(request, found) for found in document.invitations.order_by("created_at", "pk")],
        "team": _team(document),
        **counted(page),
    }


@router.post("/{uuid:document_id}/members/", response={201: MemberOutput | InvitationOutput, **refused_with(Conflict)})
def add_member(request: HttpRequest, document_id: UUID, body: MemberInput) -> Any:
    """Answers with the member, or with the invitation where nobody has an account with this address yet."""
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    added = services.invite(document, email=body.email, role=body.role, invited_by=caller(request), site=_site(request))
    if isinstance(added, Membership):
        return Status(201, _member(added, caller(request)))
    return Status(201, _invitation(request, added))


@router.patch("/{uuid:document_id}/members/{uuid:user_id}/", response={200: MemberOutput, **refused_with(Conflict)})
def change_member(request: HttpRequest, document_id: UUID, user_id: UUID, body: RoleInput) -> Any:
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    return _member(services.change_role(document, user_id=user_id, role=body.role), caller(request))


@router.delete("/{uuid:document_id}/members/{uuid:user_id}/", response={204: None, **refused_with(Conflict)})
def remove_member(request: HttpRequest, document_id: UUID, user_id: UUID) -> Any:
    """Owners remove anybody; everybody may leave."""
    access = access_document(caller(request), document_id)
    if user_id != caller(request).pk and access.role is not Role.OWNER:
        raise Forbidden("Only an owner can remove people.")
    services.remove_member(access.document, user_id=user_id)
    return Status(204, None)


@router.delete("/{uuid:document_id}/invitations/{email}/", response={204: None})
def withdraw_invitation(request: HttpRequest, document_id: UUID, email: str) -> Any:
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    services.withdraw_invitation(document, email=email)
    return Status(204, None)


@router.get("/{uuid:document_id}/links/", response=LinksOutput, openapi_extra=PAGED)
def list_links(request: HttpRequest, response: HttpResponse, document_id: UUID, filters: Query[PageFilter]) -> Any:
    """Oldest first; those that have expired are among them, until they are revoked."""
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    page = page_of(links.links_of(document), filters, request, response)
    return {"items": [_link(request, found) for found in page], **counted(page)}


@router.post("/{uuid:document_id}/links/", response={201: LinkOutput, **refused_with(Conflict)})
def add_link(request: HttpRequest, document_id: UUID, body: LinkInput) -> Any:
    """Whoever opens it, signed in, holds the role for as long as the link stands."""
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    link = links.create_link(
        document,
        role=Role(body.role),
        created_by=caller(request),
        expires_at=body.expires_at,
        password=body.password or "",
    )
    return Status(201, _link(request, link))


@router.patch("/{uuid:document_id}/links/{uuid:link_id}/", response=LinkOutput)
def change_link(request: HttpRequest, document_id: UUID, link_id: UUID, body: LinkChanges) -> Any:
    """In force at once, also for who is in the document. A new password has to be given by everybody again."""
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "role" in changes and body.role is None:
        raise Invalid("role: a link has one; leave it out where it stays.")
    if "password" in changes:
        changes["password"] = body.password or ""
    links.change_link(document, link_id, **changes)
    return _link(request, links.links_of(document).get(pk=link_id))


@router.delete("/{uuid:document_id}/links/{uuid:link_id}/", response={204: None})
def revoke_link(request: HttpRequest, document_id: UUID, link_id: UUID) -> Any:
    """Ends at once what people hold by it, on open sockets too."""
    document = access_document(caller(request), document_id, role=Role.OWNER).document
    links.revoke_link(document, link_id)
    return Status(204, None)


@router.get("/{uuid:document_id}/writing", response=WritingOutput)
def read_writing(request: HttpRequest, document_id: UUID) -> Any:
    """What the writing tools respect in this document, whoever writes."""
    document = access_document(caller(request), document_id).document
    return DocumentWriting.objects.filter(document=document).first() or DocumentWriting()


@router.patch("/{uuid:document_id}/writing", response=WritingOutput)
def change_document_writing(request: HttpRequest, document_id: UUID, body: WritingInput) -> Any:
    document = access_document(caller(request), document_id, role=Role.EDITOR).document
    return change_writing(DocumentWriting, body.changes(), document=document)
