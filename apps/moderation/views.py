"""Pages: what somebody has reported, and that they have read what they were told."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.moderation.notices import acknowledge
from apps.moderation.reports import answer_to, list_reports

ID_MAX_DIGITS = 18


@never_cache
@login_required
@require_safe
def reports_page(request: HttpRequest) -> HttpResponse:
    """List one's reports, and what became of each."""
    assert isinstance(request.user, User)
    wanted = request.GET.get("page", "1")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else 1
    page = list_reports(request.user, page=number, page_size=settings.DOCUMENT_LIST_PAGE_SIZE)
    reports = [(one, answer_to(one)) for one in page.object_list]
    return render(request, "moderation/reports.html", {"page": page, "reports": reports})


@login_required
@require_POST
def read_notice(request: HttpRequest) -> HttpResponse:
    """Note that somebody has read what they were told; `next` says where to go back to."""
    assert isinstance(request.user, User)
    named = request.POST.get("id", "")
    if named.isascii() and named.isdigit() and len(named) <= ID_MAX_DIGITS:
        acknowledge(request.user, int(named))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("documents")
    return redirect(back)
