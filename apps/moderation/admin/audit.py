"""The audit trail in the admin: searched and taken out, never changed."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import deeds
from apps.core.read_only import ReadOnlyAdmin
from apps.moderation.audit import detail_of
from apps.moderation.export import as_csv
from apps.moderation.models import AuditRecord

SUBJECTS = (
    ("user", "accounts and log-ins"),
    ("document", "documents and who may open them"),
    ("team", "teams"),
    ("api_key", "API keys"),
    ("admin", "the admin"),
    ("transcript", "transcripts that were read"),
    ("moderation", "moderation"),
    ("encryption", "encryption keys"),
    ("audit", "the audit trail itself"),
)


class SubjectFilter(admin.SimpleListFilter):
    title = "what it is about"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return SUBJECTS

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditRecord]) -> QuerySet[AuditRecord]:
        chosen = self.value()
        return queryset.filter(action__startswith=f"{chosen}.") if chosen else queryset


@admin.register(AuditRecord)
class AuditRecordAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "action", "by", "target", "address", "said", "seq")
    list_display_links = ("created_at", "action")
    list_filter = (SubjectFilter, "created_at")
    list_select_related = ("actor",)
    search_fields = ("=action", "=target_id", "=request_id", "=address", "=hash", "actor__email", "actor__name")
    search_help_text = "A person; or exactly: an action, a target's id, a request id, a network address."
    date_hierarchy = "created_at"
    show_full_result_count = False
    fields = (
        *("seq", "created_at", "action", "by", "target", "address", "request_id", "said"),
        *("previous_hash", "hash", "payload"),
    )
    readonly_fields = fields
    actions = ("export_csv",)

    @admin.display(description="by", ordering="actor")
    def by(self, written: AuditRecord) -> str:
        if written.actor_id is None:
            return "–"
        return written.actor.email if written.actor is not None else f"{written.actor_id} (erased)"

    @admin.display(description="target", ordering="target_id")
    def target(self, written: AuditRecord) -> str:
        return f"{written.target_kind} {written.target_id}".strip() or "–"

    @admin.display(description="detail")
    def said(self, written: AuditRecord) -> SafeString | str:
        detail = detail_of(written)
        return format_html("<code>{}</code>", json.dumps(detail, ensure_ascii=False)) if detail else "–"

    @admin.action(description="Take out as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[AuditRecord]) -> StreamingHttpResponse:
        deeds.tell("audit.exported", format="csv", records=queryset.count())
        return StreamingHttpResponse(
            as_csv(queryset.order_by("pk")),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
        )
