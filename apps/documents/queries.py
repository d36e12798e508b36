"""Reading lists of documents and of their people."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import F, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Greatest, Lower, StrIndex, Substr

from apps.accounts.models import User
from apps.documents.access import held_in, standing_links, with_roles
from apps.documents.models import Document, Membership, Role

EXCERPT_CHARACTERS = 180
EXCERPT_LEAD_CHARACTERS = 60  # shown before the word that was found


class Shelf(StrEnum):
    """One of the lists of a person's documents."""

    ALL = "all"
    SHARED = "shared"
    TEAM = "team"
    TRASH = "trash"


@dataclass(frozen=True)
class ListedDocument:
    """A document as one line of a list. `excerpt` is empty unless its text was searched and found.

    `people`: who has a role of their own in it; `may_leave`: the list's reader is among them, or came by a link.
    """

    document: Document
    role: Role
    people: list[User]
    excerpt: str
    may_leave: bool


def search_words(query: str) -> list[str]:
    """Return the words of `query` that are searched for: all of them must occur."""
    return (
        query[: settings.DOCUMENT_SEARCH_MAX_CHARACTERS].replace("\0", "").split()[: settings.DOCUMENT_SEARCH_MAX_WORDS]
    )


def list_documents(
    user: User,
    *,
    shelf: Shelf = Shelf.ALL,
    query: str = "",
    team_id: UUID | None = None,
    page: int = 1,
    page_size: int | None = None,
) -> "Page[ListedDocument]":
    """Return a page of `user`'s documents, last edited first. A page past the end is the last one.

    Search is by parts of words in title and text, whatever the case. Three queries: the texts are read through once,
    in the database (2,000 documents of 3,000 words each: 0.2 s). `team_id`: those of one team only.
    """
    words = search_words(query)
    found = _on_shelf(user, shelf)
    if team_id is not None:
        found = found.filter(team_id=team_id)
    for word in words:
        found = found.filter(Q(title__icontains=word) | Q(text__icontains=word))
    paginator: Paginator[Any] = Paginator(
        list(found.order_by("-edited_at", "pk").values_list("pk", flat=True)),
        page_size or settings.DOCUMENT_LIST_PAGE_SIZE,
    )
    chosen = paginator.get_page(page)
    return Page([_listed(document) for document in _read(user, list(chosen), words)], chosen.number, paginator)


def _on_shelf(user: User, shelf: Shelf) -> QuerySet[Document]:
    own = Membership.objects.filter(user=user)
    owned = own.filter(role=Role.OWNER).values("document_id")
    if shelf is Shelf.TRASH:
        return Document.objects.filter(pk__in=owned).exclude(trashed_at=None)
    by_team = Document.objects.filter(team__memberships__user=user)
    if shelf is Shelf.TEAM:
        return by_team.filter(trashed_at=None)
    by_link = standing_links().filter(visits__user=user).values_list("document_id", flat=True)
    # Joined before the documents are read: an OR of all ways would read through the documents of everybody.
    if shelf is Shelf.SHARED:
        shared = own.exclude(role=Role.OWNER).values_list("document_id", flat=True).union(by_link)
        return Document.objects.filter(pk__in=shared, trashed_at=None).exclude(pk__in=owned)
    visible = own.values_list("document_id", flat=True).union(by_team.values_list("pk", flat=True), by_link)
    return Document.objects.filter(pk__in=visible, trashed_at=None)


def _read(user: User, ids: list[UUID], words: list[str]) -> QuerySet[Any]:
    """Return the documents `ids` with what a list shows of them, and an excerpt where `words` are."""
    people = Membership.objects.select_related("user").order_by("created_at", "pk")
    documents: QuerySet[Any] = (
        with_roles(Document.objects.filter(pk__in=ids), user)
        .select_related("edited_by", "team")
        .defer("text", "outline")
        .prefetch_related(Prefetch("memberships", queryset=people))
        .order_by("-edited_at", "pk")
    )
    if not words:
        return documents
    found_at = StrIndex(Lower("text"), Lower(Value(words[0])))
    found: QuerySet[Any] = documents.annotate(found_at=found_at).annotate(
        excerpt=Substr("text", Greatest(F("found_at") - EXCERPT_LEAD_CHARACTERS, 1), EXCERPT_CHARACTERS)
    )
    return found


def _listed(document: Any) -> ListedDocument:
    found = getattr(document, "found_at", 0)
    excerpt = " ".join(document.excerpt.split()) if found else ""
    if found > EXCERPT_LEAD_CHARACTERS + 1:
        excerpt = "… " + excerpt.partition(" ")[2]
    access = held_in(document)
    return ListedDocument(
        document,
        access.role if access else Role.VIEWER,  # None: taken away since the first query
        [other.user for other in document.memberships.all()],
        excerpt,
        document.own_role is not None or bool(document.link_roles),
    )


def members_of(document: Document) -> QuerySet[Membership]:
    return document.memberships.select_related("user").order_by("created_at", "pk")
