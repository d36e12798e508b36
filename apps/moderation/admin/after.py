"""Looks at what is there in full, for administrators to see which fail, and to have them made again."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.read_only import ReadOnlyAdmin
from apps.moderation.after import try_again
from apps.moderation.models import AfterCheck


class OutcomeFilter(admin.SimpleListFilter):
    """What fails, unless asked otherwise."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("given_up", "Given up"), ("done", "Looked at"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AfterCheck]) -> QuerySet[AfterCheck]:
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen == "done":
            return queryset.exclude(done_at=None)
        failed = queryset.filter(done_at=None)
        return failed.filter(failures__gte=settings.MODERATION_AFTER_TRIES_MAX) if chosen == "given_up" else failed

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": "Fails"}
        yield from others


@admin.register(AfterCheck)
class AfterCheckAdmin(ReadOnlyAdmin):
    list_display = ("target", "of", "failures", "error", "next_try")
    list_filter = (OutcomeFilter, "target_kind")
    search_fields = ("=target_id",)
    search_help_text = "Exactly the id of a generation or document."
    ordering = ("-of",)
    fields = ("target", "of", "failures", "error", "next_try", "done_at")
    readonly_fields = fields
    actions = ("look_again",)
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> Any:
        """Say of what was looked at when, and of what fails when it is tried again: both only where both are shown."""
        match request.GET.get(OutcomeFilter.parameter_name):
            case "done":
                return (*self.list_display[:-1], "done_at")
            case "all":
                return (*self.list_display, "done_at")
        return self.list_display

    @admin.display(description="about", ordering="target_id")
    def target(self, check: AfterCheck) -> str:
        return f"{check.get_target_kind_display()} {check.target_id}"

    @admin.display(description="next try", ordering="not_before", empty_value="–")
    def next_try(self, check: AfterCheck) -> Any:
        if check.done_at is not None:
            return None
        return "given up" if check.failures >= settings.MODERATION_AFTER_TRIES_MAX else check.not_before

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("moderation.change_aftercheck")

    @admin.action(description="Look again", permissions=["again"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[AfterCheck]) -> None:
        count = try_again(queryset)
        self.message_user(request, f"Looked at again with the next sweep: {count:,}.")
