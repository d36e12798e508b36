"""Feature flags: what is on, for whom. In force everywhere within a second."""

from django import forms
from django.contrib import admin

from apps.analytics.models import FlagRule
from apps.core.flags import declared
from apps.quotas.models import Tier


class FlagRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    flag = forms.ChoiceField(choices=lambda: [(name, name) for name in declared()])
    tier = forms.ChoiceField(required=False, choices=lambda: [("", "–"), *Tier.objects.values_list("name", "label")])

    class Meta:
        model = FlagRule
        fields = ("flag", "is_on", "tier", "team", "user", "percent", "note")


@admin.register(FlagRule)
class FlagRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = FlagRuleForm
    list_display = ("flag", "is_on", "tier", "team", "user", "percent", "note", "changed_at")
    list_filter = ("flag", "is_on", "tier")
    list_select_related = ("team", "user")
    search_fields = ("flag", "note", "user__email", "team__name")
    raw_id_fields = ("team", "user")
    fieldsets = (
        (None, {"fields": ("flag", "is_on", "note")}),
        ("For whom", {"fields": ("tier", "team", "user", "percent"), "description": "All empty: for everybody."}),
    )
