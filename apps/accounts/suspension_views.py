"""The page that a suspended person still reaches: why, until when, and the appeal."""

from http import HTTPStatus

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.accounts.suspension import appeal, suspension_of
from apps.core.errors import InterlineError


class AppealForm(forms.Form):
    text = forms.CharField(
        label="Your appeal",
        max_length=settings.APPEAL_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What the reviewers should know. Somebody reads it and answers here. You can appeal once.",
    )


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def suspended_page(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    suspension = suspension_of(request.user)
    if suspension is None:
        return redirect("documents")
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            appeal(request.user, form.cleaned_data["text"])
        except InterlineError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "Your appeal was sent.")
        return redirect("suspended")
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "accounts/suspended.html", {"suspension": suspension, "form": form}, status=status)
