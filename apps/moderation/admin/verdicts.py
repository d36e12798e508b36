"""Verdicts, for administrators to search; deciding about them is the review queue's."""

from django.contrib import admin

from apps.core.read_only import ReadOnlyAdmin
from apps.moderation.models import Verdict


@admin.register(Verdict)
class VerdictAdmin(ReadOnlyAdmin):
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
