"""Live usage in the administration: a page, and a part of it for the first page. A script of ours asks for it anew."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from apps.assistant.live import live_usage
from apps.assistant.models import LiveUsage
from apps.core.read_only import ReadOnlyAdmin


@admin.register(LiveUsage)
class LiveUsageAdmin(ReadOnlyAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(never_cache(self.now_view))
        return [path("now/", view, name="assistant_liveusage_now"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._check(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Live usage",
            "opts": LiveUsage._meta,
            "usage": live_usage(),
            "seconds": settings.ADMIN_LIVE_SECONDS,
        }
        return TemplateResponse(request, "admin/assistant/live.html", context)

    def now_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with what changes; `part=cards`: the numbers alone."""
        self._check(request)
        name = "live_cards" if request.GET.get("part") == "cards" else "live_now"
        return TemplateResponse(request, f"admin/assistant/{name}.html", {"usage": live_usage()})

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
