"""Requests that wait for a reviewer: what was found in them, and the two decisions there are."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core import deeds
from apps.core.errors import InterlineError
from apps.core.read_only import ReadOnlyAdmin
from apps.moderation.models import HeldRequest, Verdict
from apps.moderation.review import refuse_held, release_held
from apps.quotas.admin.asking import AsksFirst, is_confirmed, table

Decide = Callable[[UUID, User], HeldRequest]


@admin.register(HeldRequest)
class HeldRequestAdmin(AsksFirst, ReadOnlyAdmin):
    """Opening a request shows its text, so it is written down in the audit trail."""

    list_display = ("created_at", "user", "document_id", "state", "decided_at", "decided_by")
    list_display_links = ("created_at", "user")
    list_filter = ("state", "created_at")
    list_select_related = ("user", "decided_by")
    search_fields = ("=id", "user__email", "user__name", "=document_id")
    ordering = ("-state", "created_at")  # what waits comes first, the oldest of it
    fields = ("created_at", "user", "document_id", "found", "wanted", "state", "decided_at", "decided_by")
    readonly_fields = fields
    actions = ("release", "refuse")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out what was blocked when it was asked: there is nothing to read of it."""
        return super().get_queryset(request).exclude(state=HeldRequest.State.BLOCKED)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_decide_permission(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("moderation.change_heldrequest")

    @transaction.atomic
    def change_view(self, request: HttpRequest, object_id: str, *arguments: Any, **options: Any) -> HttpResponse:
        response = super().change_view(request, object_id, *arguments, **options)
        if response.status_code == 200:
            deeds.tell("moderation.request_read", target=("request", object_id))
        return response

    @admin.display(description="what was found")
    def found(self, held: HeldRequest) -> SafeString:
        verdicts = Verdict.objects.filter(target_kind="request", target_id=str(held.pk)).select_related("rule")
        rows = ((one.category, one.rule or one.source, one.count, one.excerpt or "–") for one in verdicts)
        return table(("Category", "By", "Times", "Text"), rows)

    @admin.display(description="what was asked")
    def wanted(self, held: HeldRequest) -> SafeString:
        rows = (
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, value in {"action": held.request.get("action", ""), **(held.request.get("input") or {})}.items()
            if value
        )
        return table(("Part", "Text"), rows)

    @admin.action(description="Release…", permissions=["decide"])
    def release(self, request: HttpRequest, queryset: QuerySet[HeldRequest]) -> HttpResponse | None:
        question = "Let these requests run now?"
        return self._decide(request, queryset, "release", question, release_held)

    @admin.action(description="Refuse…", permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[HeldRequest]) -> HttpResponse | None:
        question = "Refuse these requests for good?"
        return self._decide(request, queryset, "refuse", question, refuse_held)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[HeldRequest], action: str, question: str, decide: Decide
    ) -> HttpResponse | None:
        if not is_confirmed(request):
            return self.ask(request, queryset, action=action, question=question, form=None)
        assert isinstance(request.user, User)
        decided = 0
        for held in queryset:
            try:
                now = decide(held.pk, request.user)
            except InterlineError as error:
                self.message_user(request, f"{held}: {error.message}", messages.ERROR)
                continue
            self.log_change(request, held, f"{now.get_state_display()}.")
            decided += 1
        if decided:
            self.message_user(request, f"Decided about {decided:,}.")
        return None
