"""Verdicts, for administrators to search; deciding about them is the review queue's."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.moderation.models import Verdict


@admin.register(Verdict)
class VerdictAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("created_at", "category", "action", "source", "stage", "count", "user", "target", "state")
    list_filter = ("state", "action", "source", "stage", "category", "created_at")
    list_select_related = ("user", "rule")
    search_fields = ("=target_id", "user__email", "user__name", "category")
    search_help_text = "A person, a category, or exactly the id of a generation or document."
    date_hierarchy = "created_at"
    show_full_result_count = False
    fields = (
        *("created_at", "stage", "source", "category", "rule", "rule_version", "score", "count", "action"),
        *("target", "user", "document", "state", "reviewed_at", "reviewed_by"),
    )
    readonly_fields = fields

    @admin.display(description="target", ordering="target_id")
    def target(self, verdict: Verdict) -> str:
        return f"{verdict.target_kind} {verdict.target_id}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
