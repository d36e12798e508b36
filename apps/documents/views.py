"""The pages of documents. Each is a door to `queries` or `services`."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from apps.accounts.invitation_page import invitation_page
from apps.accounts.models import User
from apps.core.errors import Forbidden, InterlineError, NotFound
from apps.documents import services
from apps.documents.access import Access, access_document
from apps.documents.invitations import find_invitation
from apps.documents.models import TITLE_MAX_CHARACTERS, Invitation, Role
from apps.documents.queries import Shelf, list_documents, search_words
from apps.teams.queries import teams_of

UNDO_SESSION_KEY = "trashed_document"
SHELVES = ((Shelf.ALL, "All"), (Shelf.SHARED, "Shared with me"), (Shelf.TEAM, "Team"), (Shelf.TRASH, "Trash"))


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands in front
    return request.user


def _open(request: HttpRequest, document_id: UUID, *, role: Role = Role.VIEWER, trashed: bool = False) -> Access:
    """Ask the door on behalf of a page. Raises Http404 and PermissionDenied."""
    try:
        return access_document(request.user, document_id, role=role, trashed=trashed)
    except NotFound as error:
        raise Http404(error.message) from None
    except Forbidden as error:
        raise PermissionDenied(error.message) from None


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("documents")
    return render(request, "landing.html")


@require_safe
@login_required
@never_cache
def document_list(request: HttpRequest) -> HttpResponse:
    tab = request.GET.get("tab", "")
    shelf = Shelf(tab) if tab in list(Shelf) else Shelf.ALL
    query = request.GET.get("q", "").strip()
    page = request.GET.get("page", "")
    teams = teams_of(_person(request))
    team = next((one.team for one in teams if str(one.team.pk) == request.GET.get("team")), None)
    listed = list_documents(
        _person(request),
        shelf=shelf,
        query=query,
        team_id=team.pk if team else None,
        page=int(page) if page.isdecimal() else 1,
    )
    context = {
        "page": listed,
        "shelf": shelf,
        "query": query,
        "words": search_words(query),
        "shelves": [(one, label) for one, label in SHELVES if one is not Shelf.TEAM or teams or shelf is Shelf.TEAM],
        "teams": teams,
        "team": team,
        "unused": shelf is Shelf.ALL and not query and not listed.object_list,
        "undo": _take_undo(request),
        "title_max": TITLE_MAX_CHARACTERS,
        "search_max": settings.DOCUMENT_SEARCH_MAX_CHARACTERS,
    }
    return render(request, "documents/list.html", context)


def _take_undo(request: HttpRequest) -> dict[str, Any] | None:
    """Return the document that was just moved to the trash, once."""
    undo: dict[str, Any] | None = request.session.pop(UNDO_SESSION_KEY, None)
    return undo


@require_POST
@login_required
def create(request: HttpRequest) -> HttpResponse:
    try:
        document = services.create_document(_person(request), title=request.POST.get("title", ""))
    except InterlineError as error:
        messages.error(request, error.message)
        return redirect("documents")
    return redirect("document", document.pk)


@require_safe
@login_required
@never_cache
def editor(request: HttpRequest, document_id: UUID) -> HttpResponse:
    access = _open(request, document_id)
    return render(
        request,
        "documents/editor.html",
        {"document": access.document, "editor_config": editor_config(_person(request), access)},
    )


@require_safe
@login_required
@never_cache
def history(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Open the document with its versions beside it."""
    _open(request, document_id)
    return redirect(reverse("document", args=[document_id]) + "#history")


def editor_config(user: User, access: Access) -> dict[str, Any]:
    """Return what the editor page has to know before its sockets are open."""
    document_id = str(access.document.pk)
    here = reverse("document", args=[document_id])
    return {
        "document": {"id": document_id, "title": access.document.title},
        "role": access.role.value,
        "user": {
            "id": str(user.pk),
            "name": user.display_name,
            "color": user.caret_color,
            "email": user.email,
        },
        "paths": {
            "sync": "/ws/sync",
            "assistant": f"/ws/assistant/{document_id}",
            "documents": reverse("documents"),
            "members": f"/api/v1/documents/{document_id}/members/",
            "login": f"{reverse('account_login')}?{urlencode({'next': here})}",
        },
        "limits": {"title_characters": TITLE_MAX_CHARACTERS},
    }


@require_http_methods(["GET", "POST"])
@login_required
def rename(request: HttpRequest, document_id: UUID) -> HttpResponse:
    document = _open(request, document_id, role=Role.EDITOR).document
    title = request.POST.get("title", document.title)
    error = ""
    if request.method == "POST":
        try:
            services.rename_document(document, title=title, renamed_by=_person(request))
            return redirect("documents")
        except InterlineError as refused:
            error = refused.message
    context = {"document": document, "title": title, "error": error, "title_max": TITLE_MAX_CHARACTERS}
    return render(request, "documents/rename.html", context, status=400 if error else 200)


@require_POST
@login_required
def trash(request: HttpRequest, document_id: UUID) -> HttpResponse:
    document = _open(request, document_id, role=Role.OWNER, trashed=True).document
    services.trash_document(document)
    request.session[UNDO_SESSION_KEY] = {"id": str(document.pk), "title": str(document)}
    return redirect("documents")


@require_POST
@login_required
def restore(request: HttpRequest, document_id: UUID) -> HttpResponse:
    document = _open(request, document_id, role=Role.OWNER, trashed=True).document
    services.restore_document(document)
    messages.success(request, f"“{document}” is back.")
    return redirect("documents")


@require_http_methods(["GET", "POST"])
@login_required
def purge(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Ask, then delete for good. Only from the trash."""
    document = _open(request, document_id, role=Role.OWNER, trashed=True).document
    if document.trashed_at is None:
        raise Http404
    if request.method == "GET":
        return render(request, "documents/purge.html", {"document": document})
    services.purge_document(document)
    messages.success(request, f"“{document}” was deleted for good.")
    return redirect(f"{reverse('documents')}?tab=trash")


@require_http_methods(["GET", "POST"])
@login_required
def leave(request: HttpRequest, document_id: UUID) -> HttpResponse:
    document = _open(request, document_id).document
    if request.method == "GET":
        return render(request, "documents/leave.html", {"document": document})
    try:
        services.remove_member(document, user_id=_person(request).pk)
    except InterlineError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"You left “{document}”.")
    return redirect("documents")


@require_http_methods(["GET", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Show an invitation to whoever holds its link, and let a signed-in person accept it."""

    def accept(found: Invitation, user: User) -> HttpResponse:
        services.accept_invitation(found, user=user)
        return redirect("document", found.document_id)

    return invitation_page(request, "documents/invitation.html", find_invitation, accept)


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Documents are private; only the front page is for search engines."""
    return HttpResponse("User-agent: *\nAllow: /$\nDisallow: /\n", content_type="text/plain; charset=utf-8")
