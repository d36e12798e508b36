"""Pages: a copy of one's data, and the end of one's account. Both ask for the password again."""

import tempfile
import time
from http import HTTPStatus

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.core.errors import InterlineError
from project.personal.erasure import erase, plan_of
from project.personal.export import write_export

HOUR_SECONDS = 3600
IN_MEMORY_BYTES = 1 << 20  # of an archive; a larger one is in a file that nobody else can open


class EraseForm(forms.Form):
    email = forms.EmailField(
        label="Your e-mail address",
        help_text="Type it, so that this does not happen by accident.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@never_cache
@login_required
@reauthentication_required(allow_get=True)
@require_http_methods(["GET", "POST"])
def data_page(request: HttpRequest) -> HttpResponseBase:
    """Say what there is; POST downloads it."""
    user = _person(request)
    if request.method == "GET":
        return render(request, "personal/data.html")
    if _too_many(user):
        messages.error(request, "You have downloaded your data several times just now. Try again in an hour.")
        return redirect("personal_data")
    file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  (the answer closes it)
    write_export(user, file)
    file.seek(0)
    name = f"interline-{timezone.now():%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _too_many(user: User) -> bool:
    name = f"personal-exports:{user.pk}:{int(time.time()) // HOUR_SECONDS}"
    cache.add(name, 0, HOUR_SECONDS)
    return bool(cache.incr(name) > settings.PERSONAL_EXPORTS_PER_HOUR)


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "POST"])
def erase_page(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, and do it when the address was typed."""
    user = _person(request)
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["email"].lower() != user.email.lower():
            form.add_error("email", "This is not the address of this account.")
        else:
            try:
                erase(user)
            except InterlineError as error:
                form.add_error(None, error.message)
            else:
                request.session.flush()  # the account has left its sessions already
                messages.success(request, "Your account was deleted.")
                return redirect("landing")
    context = {"form": form, "plan": plan_of(user)}
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "personal/erase.html", context, status=status)
