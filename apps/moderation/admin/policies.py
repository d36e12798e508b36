"""Policies, for administrators: of the installation and tiers, and of any team or document. In force at once."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.moderation.models import PolicyVersion
from apps.moderation.policies import publish


class PolicyVersionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = PolicyVersion
        fields = (
            *("tier", "team", "document", "mode", "routes", "spenders", "screening", "after_checks"),
            "reason",
        )
        widgets = {
            **dict.fromkeys(("mode", "routes", "spenders", "screening", "after_checks"), forms.RadioSelect),
            "reason": forms.TextInput(attrs={"class": "vLargeTextField"}),
        }


@admin.register(PolicyVersion)
class PolicyVersionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Versions are only ever added; the list is the history, the newest of each place in force."""

    form = PolicyVersionForm
    list_display = (
        *("where", "version", "mode", "routes", "spenders", "screening", "after_checks", "reason"),
        *("changed_by", "created_at"),
    )
    list_filter = ("mode", "routes", "spenders", "screening", "after_checks", "tier")
    list_select_related = ("changed_by", "tier", "team", "document")
    search_fields = ("reason", "team__name", "document__title")
    raw_id_fields = ("team", "document")
    ordering = ("-id",)
    list_per_page = 50
    fieldsets = (
        (
            "Where it holds",
            {
                "fields": ("tier", "team", "document"),
                "description": "Choose one; none of them: everywhere. Where several hold, the strictest wins. "
                "A change is a new version: add one for the same place.",
            },
        ),
        ("What it says", {"fields": ("mode", "routes", "spenders", "screening", "after_checks", "reason")}),
    )

    @admin.display(description="where")
    def where(self, row: PolicyVersion) -> str:
        return row.place

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store a new version; what changes nothing becomes the version that is in force."""
        obj.changed_by = request.user
        stored = publish(obj)
        obj.pk, obj.version = stored.pk, stored.version

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
