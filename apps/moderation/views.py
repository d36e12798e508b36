"""Pages: what somebody has reported."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.moderation.reports import answer_to, list_reports


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
