"""The settings page. Everything about e-mail, passwords and second factors is django-allauth's."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import services
from apps.accounts.appearance import keep_appearance
from apps.accounts.forms import AppearanceForm, MailForm, ProfileForm
from apps.accounts.models import User


@login_required
@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    profile = ProfileForm(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and profile.is_valid():
        services.rename(request.user, profile.cleaned_data["name"])
        messages.success(request, "Your name was changed.")
        return redirect("settings")
    appearance = AppearanceForm(initial={"appearance": request.user.appearance})
    context = {
        "profile": profile,
        "appearance": appearance,
        "mail": MailForm(initial={"mail_mentions": request.user.mail_mentions}),
        "has_social_providers": bool(settings.SOCIALACCOUNT_PROVIDERS),
    }
    status = 400 if profile.errors else 200
    return render(request, "accounts/settings.html", context, status=status)


@require_POST
@login_required
def set_mail(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = MailForm(request.POST)
    if form.is_valid():
        services.set_mail(request.user, mentions=form.cleaned_data["mail_mentions"])
        messages.success(request, "What you are mailed was changed.")
    return redirect("settings")


@require_POST
def set_appearance(request: HttpRequest) -> HttpResponse:
    """Keep light or dark, in the account of whoever has one. `next` says where to go back to."""
    form = AppearanceForm(request.POST)
    if not form.is_valid():
        return HttpResponse("appearance: light, dark or system", status=400, content_type="text/plain")
    chosen = form.cleaned_data["appearance"]
    if isinstance(request.user, User):
        services.set_appearance(request.user, chosen)
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    keep_appearance(response, chosen)
    return response
