"""Generations in the admin: who asked what of which model and how it went; never the text."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.assistant.models import Generation

SHOWN = (
    "id",
    "document",
    "user",
    "action",
    "visibility",
    "model",
    "prompt_version",
    "state",
    "error_code",
    "epoch",
    "worker",
    "prompt_tokens",
    "completion_tokens",
    "request_id",
    "created_at",
    "started_at",
    "first_token_at",
    "ended_at",
)


@admin.register(Generation)
class GenerationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = (
        "created_at",
        "action",
        "state",
        "error_code",
        "model",
        "user",
        "prompt_tokens",
        "completion_tokens",
    )
    list_filter = ("state", "action", "model", "error_code")
    search_fields = ("=id", "=request_id", "user__email")
    date_hierarchy = "created_at"
    fields = SHOWN
    readonly_fields = SHOWN

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).select_related("user", "document").defer("input", "text", "anchor", "events")
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
