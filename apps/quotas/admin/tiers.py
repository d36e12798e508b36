"""Tiers and exceptions, for administrators."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.models import User
from apps.quotas.admin.asking import AsksFirst, is_confirmed
from apps.quotas.models import Override, Tier
from apps.quotas.people import make_default
from apps.quotas.signals import tell_pool_changed, tell_quota_changed

TOKEN_FIELDS = ("tokens_per_day", "tokens_per_week", "tokens_per_month")
LIMIT_FIELDSETS: Any = (
    ("Tokens", {"fields": (*TOKEN_FIELDS, "smaller_tokens_per_day")}),
    ("Requests", {"fields": ("requests_per_minute", "concurrent_per_person", "concurrent_per_document")}),
    (
        "One request",
        {"fields": ("max_input_tokens", "max_output_tokens", "allowed_actions", "allowed_models")},
    ),
)


@admin.register(Tier)
class TierAdmin(AsksFirst, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("label", *TOKEN_FIELDS, "requests_per_minute", "people", "is_default", "price_hint")
    fieldsets = ((None, {"fields": ("label", "name", "rank", "price_hint", "is_default")}), *LIMIT_FIELDSETS)
    readonly_fields = ("is_default",)
    actions = ("make_default",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(people=Count("assignments"))

    @admin.display(description="people given it", ordering="people")
    def people(self, tier: Any) -> int:
        return int(tier.people)

    def save_model(self, request: HttpRequest, obj: Tier, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        tell_quota_changed()

    def has_delete_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)

    def get_actions(self, request: HttpRequest) -> Any:
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description="Make it the tier of everybody without another…", permissions=["change"])
    def make_default(self, request: HttpRequest, queryset: QuerySet[Tier]) -> HttpResponse | None:
        tier = queryset.first()
        if tier is None or queryset.count() != 1:
            self.message_user(request, "Choose one tier.", messages.ERROR)
            return None
        if not is_confirmed(request):
            question = f"Give everybody without another tier the limits of {tier.label}?"
            return self.ask(request, queryset, action="make_default", question=question, form=None)
        make_default(tier)
        self.log_change(request, tier, "Made the default tier.")
        self.message_user(request, f"{tier.label} is now everybody's tier who has no other.")
        return None


@admin.register(Override)
class OverrideAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("holder", "reason", "starts_at", "ends_at", "is_in_force", "tier", *TOKEN_FIELDS, "made_by")
    list_filter = ("tier", "starts_at", "ends_at")
    list_select_related = ("user", "team", "tier", "made_by")
    search_fields = ("user__email", "user__name", "team__name", "reason")
    autocomplete_fields = ("user", "team")
    fieldsets = ((None, {"fields": ("user", "team", "reason", "starts_at", "ends_at", "tier")}), *LIMIT_FIELDSETS)

    @admin.display(description="for")
    def holder(self, override: Override) -> str:
        return str(override.user.email if override.user else override.team)

    @admin.display(boolean=True, description="in force")
    def is_in_force(self, override: Override) -> bool:
        now = timezone.now()
        return override.starts_at <= now and (override.ends_at is None or override.ends_at > now)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"starts_at": timezone.now(), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Override, form: Any, change: bool) -> None:
        if not change and isinstance(request.user, User):
            obj.made_by = request.user
        super().save_model(request, obj, form, change)
        _tell(obj)

    def delete_model(self, request: HttpRequest, obj: Override) -> None:
        super().delete_model(request, obj)
        _tell(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Override]) -> None:
        deleted = list(queryset)
        super().delete_queryset(request, queryset)
        for override in deleted:
            _tell(override)


def _tell(override: Override) -> None:
    if override.team_id is not None:
        tell_pool_changed(override.team_id)
    else:
        tell_quota_changed(override.user_id)
