"""The dashboard: plots, numbers and tables over a time, with filters, and the same as a file."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from apps.analytics import board, figures
from apps.analytics.files import as_file
from apps.analytics.models import GenerationFigures, KeptText
from apps.analytics.tables import TABLES
from apps.core.read_only import ReadOnlyAdmin

PERMISSION = "analytics.view_dashboard"


@admin.register(GenerationFigures)
class DashboardAdmin(ReadOnlyAdmin):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(PERMISSION))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [path("<slug:table>.csv", view, name="analytics_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        choice = figures.Choice.of(request.GET)
        read = figures.read(choice)
        cohorts = figures.cohorts()
        known = figures.choices()
        context = {
            **self.admin_site.each_context(request),
            "title": "Analytics",
            "opts": GenerationFigures._meta,
            "choice": choice,
            "query": request.GET.urlencode(),
            "periods": figures.PERIODS.items(),
            "breakdowns": figures.BREAKDOWNS.items(),
            "filters": [
                (name, label, known[name], choice.filters.get(name, "")) for name, label in figures.FILTERS.items()
            ],
            "is_empty": not read.totals.answers and not read.events,
            "cards": board.cards_of(read.totals),
            "sections": board.plots_of(read),
            "by": figures.BREAKDOWNS[choice.by],
            "heads": board.TABLE_HEADS,
            "rows": board.table_of(read),
            "kept": [(age.label, read.kept[age.value]) for age in KeptText.Age],
            "tables": [(name, table.label) for name, table in TABLES.items()],
            "cohorts": cohorts,
            "ages": range(max((len(ages) for _, _, ages in cohorts), default=0)),
        }
        return TemplateResponse(request, "admin/analytics/dashboard.html", context)

    def export(self, request: HttpRequest, table: str) -> HttpResponseBase:
        """Answer with a table as CSV; the trail says who took it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if table not in TABLES:
            raise Http404
        return as_file(table, figures.Choice.of(request.GET))
