"""Rules, for administrators: what is looked for in requests and answers. In force everywhere within a second."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from apps.moderation.models import Rule


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = Rule
        fields = ("kind", "content", "action", "direction", "language", "tier", "category", "enabled")
        widgets = {"content": forms.TextInput(attrs={"class": "vLargeTextField", "spellcheck": "false"})}


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RuleForm
    list_display = ("content", "kind", "action", "direction", "language", "tier", "category", "found", "enabled")
    list_filter = ("kind", "action", "direction", "enabled", "tier", "language", "category")
    list_select_related = ("tier",)
    search_fields = ("content", "category")
    actions = ("enable", "disable")
    fieldsets = (
        (None, {"fields": ("kind", "content", "enabled")}),
        ("Where it is looked for", {"fields": ("direction", "language", "tier")}),
        ("What is done", {"fields": ("action", "category")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(verdict_count=Count("verdicts"))

    @admin.display(description="found", ordering="verdict_count")
    def found(self, rule: Any) -> int:
        return int(rule.verdict_count)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Rule], *, on: bool) -> None:
        for rule in Rule.objects.filter(pk__in=queryset.values("pk")).exclude(enabled=on):
            rule.enabled = on
            rule.save()
            self.log_change(request, rule, "Enabled." if on else "Disabled.")
