"""Pages: a person's API keys."""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import api_keys
from apps.accounts.forms import ApiKeyForm
from apps.accounts.models import ApiKey, User
from apps.core.errors import InterlineError

ROTATION_OVERLAP = timedelta(hours=24)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def keys_page(request: HttpRequest) -> HttpResponse:
    """List the keys; make one and show it this once."""
    if request.method == "GET":
        return _page(request, ApiKeyForm(person=_person(request)))
    form = ApiKeyForm(request.POST, person=_person(request))
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.BAD_REQUEST)
    days = form.cleaned_data["lifetime"]
    try:
        key, text = api_keys.create_key(
            _person(request),
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
    except InterlineError as error:
        form.add_error(None, error.message)
        return _page(request, form, status=HTTPStatus(error.status))
    return _page(request, ApiKeyForm(person=_person(request)), new=(key, text))


@never_cache
@login_required
@require_POST
def rotate(request: HttpRequest, key_id: UUID) -> HttpResponse:
    try:
        new = api_keys.rotate_key(_person(request), key_id, overlap=ROTATION_OVERLAP)
    except InterlineError as error:
        messages.error(request, error.message)
        return redirect("api_keys")
    return _page(request, ApiKeyForm(person=_person(request)), new=new)


@login_required
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Ask, then end a key at once."""
    key = next((one for one in api_keys.list_keys(_person(request)) if one.pk == key_id), None)
    if key is None:
        messages.error(request, "There is no such key any more.")
        return redirect("api_keys")
    if request.method == "GET":
        return render(request, "accounts/api_key_revoke.html", {"key": key})
    api_keys.revoke_key(_person(request), key_id)
    messages.success(request, f"“{key.name}” was revoked. Programs that use it are out.")
    return redirect("api_keys")


def _page(
    request: HttpRequest,
    form: ApiKeyForm,
    *,
    new: tuple[ApiKey, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    keys = api_keys.list_keys(_person(request))
    context = {
        "form": form,
        "keys": [(key, key.is_valid(timezone.now())) for key in keys],
        "new": new,
        "overlap_hours": round(ROTATION_OVERLAP.total_seconds() / 3600),
    }
    return render(request, "accounts/api_keys.html", context, status=status)
