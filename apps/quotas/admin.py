"""Tiers, exceptions and the ledger, for administrators. Whatever changes many people's limits asks first."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.errors import InterlineError
from apps.quotas.allowances import allowance_of, today
from apps.quotas.models import Account, DailyUse, Entry, Override, Tier
from apps.quotas.people import make_default, set_tier
from apps.quotas.services import give_back
from apps.quotas.signals import tell_quota_changed

HISTORY_ENTRIES = 50
TOKEN_FIELDS = ("tokens_per_day", "tokens_per_week", "tokens_per_month")
LIMIT_FIELDSETS: Any = (
    ("Tokens", {"fields": TOKEN_FIELDS}),
    ("Requests", {"fields": ("requests_per_minute", "concurrent_per_person", "concurrent_per_document")}),
    (
        "One request",
        {"fields": ("max_input_tokens", "max_output_tokens", "allowed_actions", "allowed_models")},
    ),
)


class TierForm(forms.Form):
    tier = forms.ModelChoiceField(Tier.objects.all())


class GiveBackForm(forms.Form):
    tokens = forms.IntegerField(min_value=1, help_text="Of what was used this week and month, latest days first.")
    note = forms.CharField(max_length=200, help_text="Why; it stays in the ledger.")


class AsksFirst:
    """An action that shows what it will do to whom, and does it when that is confirmed."""

    def ask(
        self, request: HttpRequest, queryset: QuerySet[Any], *, action: str, question: str, form: forms.Form | None
    ) -> HttpResponse:
        across = request.POST.get("select_across") == "1"
        context = {
            **admin.site.each_context(request),
            "title": question,
            "opts": queryset.model._meta,
            "action": action,
            "chosen": list(queryset[:20]),
            # All that a filter finds may be more than a form can name.
            "ids": [str(one.pk) for one in (queryset[:1] if across else queryset)],
            "select_across": "1" if across else "0",
            "count": queryset.count(),
            "form": form,
        }
        return TemplateResponse(request, "admin/quotas/ask.html", context)


def is_confirmed(request: HttpRequest) -> bool:
    return "confirmed" in request.POST


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
    list_display = ("user", "reason", "starts_at", "ends_at", "is_in_force", "tier", *TOKEN_FIELDS, "made_by")
    list_filter = ("tier", "starts_at", "ends_at")
    list_select_related = ("user", "tier", "made_by")
    search_fields = ("user__email", "user__name", "reason")
    autocomplete_fields = ("user",)
    fieldsets = ((None, {"fields": ("user", "reason", "starts_at", "ends_at", "tier")}), *LIMIT_FIELDSETS)

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
        tell_quota_changed(obj.user_id)

    def delete_model(self, request: HttpRequest, obj: Override) -> None:
        super().delete_model(request, obj)
        tell_quota_changed(obj.user_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Override]) -> None:
        people = set(queryset.values_list("user_id", flat=True))
        super().delete_queryset(request, queryset)
        for user_id in people:
            tell_quota_changed(user_id)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = (
        *("created_at", "user", "kind", "action", "model", "outcome"),
        *("tokens", "prompt_tokens", "completion_tokens", "uncharged", "note", "made_by"),
    )
    list_filter = ("kind", "outcome", "action", "model", "day")
    list_select_related = ("user", "made_by")
    search_fields = ("user__email", "user__name", "=generation_id", "=document_id", "note")
    date_hierarchy = "day"


@admin.register(Account)
class AccountAdmin(AsksFirst, ReadOnly):
    """People with their tier and what they have used: the live view, and the door to their history."""

    list_display = ("email", "name", "tier", "used_today", "reserved_today", "used_this_month")
    list_filter = ("tier_assignment__tier",)
    search_fields = ("email", "name", "=id")
    ordering = ("email",)
    fields = ("email", "name", "tier", "left", "exceptions", "days", "history")
    readonly_fields = fields
    actions = ("give_tier", "give_tokens_back")

    def get_queryset(self, request: HttpRequest) -> Any:
        day = today()
        uses = DailyUse.objects.filter(user_id=OuterRef("pk"))
        everybodys = Tier.objects.filter(is_default=True).values("label")[:1]
        month = uses.filter(day__gte=day.replace(day=1)).values("user_id")
        return (
            super()
            .get_queryset(request)
            .annotate(
                tier_label=Coalesce("tier_assignment__tier__label", Subquery(everybodys)),
                today_used=Subquery(uses.filter(day=day).values("used")[:1]),
                today_reserved=Subquery(uses.filter(day=day).values("reserved")[:1]),
                month_used=Subquery(month.annotate(total=Sum("used")).values("total")[:1]),
            )
        )

    @admin.display(ordering="tier_label")
    def tier(self, account: Any) -> str:
        return account.tier_label or "–"

    @admin.display(ordering="today_used")
    def used_today(self, account: Any) -> str:
        return f"{account.today_used or 0:,}"

    @admin.display(ordering="today_reserved", description="reserved now")
    def reserved_today(self, account: Any) -> str:
        return f"{account.today_reserved or 0:,}"

    @admin.display(ordering="month_used")
    def used_this_month(self, account: Any) -> str:
        return f"{account.month_used or 0:,}"

    @admin.display(description="left")
    def left(self, account: Account) -> SafeString:
        return format_html_join(
            SafeString("<br>"),
            "{}: {}",
            (
                (share.window, "no limit" if share.left is None else f"{share.left:,} of {share.limit:,}")
                for share in allowance_of(account.pk).shares
            ),
        )

    def exceptions(self, account: Account) -> SafeString:
        rows = Override.objects.filter(user_id=account.pk).order_by("-id")[:HISTORY_ENTRIES]
        return _table(
            ("Reason", "From", "To"), ((one.reason, _moment(one.starts_at), _moment(one.ends_at)) for one in rows)
        )

    @admin.display(description="days")
    def days(self, account: Account) -> SafeString:
        rows = DailyUse.objects.filter(user_id=account.pk).order_by("-day")[:HISTORY_ENTRIES]
        return _table(("Day", "Used", "Reserved"), ((one.day, f"{one.used:,}", f"{one.reserved:,}") for one in rows))

    def history(self, account: Account) -> SafeString:
        rows = Entry.objects.filter(user_id=account.pk)[:HISTORY_ENTRIES]
        return _table(
            ("When", "What", "Model", "Outcome", "Tokens", "Note"),
            (
                (
                    _moment(one.created_at),
                    one.action or one.kind,
                    one.model,
                    one.outcome,
                    f"{one.tokens:,}",
                    one.note,
                )
                for one in rows
            ),
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or request.user.has_perm("quotas.change_assignment")

    def has_give_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("quotas.change_assignment")

    @admin.action(description="Give another tier…", permissions=["give"])
    def give_tier(self, request: HttpRequest, queryset: QuerySet[Account]) -> HttpResponse | None:
        form = TierForm(request.POST if is_confirmed(request) else None)
        if not form.is_valid():
            question = f"Give {queryset.count():,} people another tier?"
            return self.ask(request, queryset, action="give_tier", question=question, form=form)
        tier, people = form.cleaned_data["tier"], list(User.objects.filter(pk__in=queryset.values("pk")))
        set_tier(people, tier)
        for person in people:
            self.log_change(request, person, f"Tier: {tier.label}.")
        self.message_user(request, f"{len(people):,} people now have the tier {tier.label}.")
        return None

    @admin.action(description="Give tokens back…", permissions=["give"])
    def give_tokens_back(self, request: HttpRequest, queryset: QuerySet[Account]) -> HttpResponse | None:
        form = GiveBackForm(request.POST if is_confirmed(request) else None)
        if not form.is_valid():
            question = f"Give {queryset.count():,} people tokens back?"
            return self.ask(request, queryset, action="give_tokens_back", question=question, form=form)
        tokens, note = form.cleaned_data["tokens"], form.cleaned_data["note"]
        by = request.user if isinstance(request.user, User) else None
        for person in User.objects.filter(pk__in=queryset.values("pk")):
            try:
                give_back(person, tokens, note=note, by=by)
            except InterlineError as error:
                self.message_user(request, f"{person.email}: {error.message}", messages.ERROR)
                continue
            tell_quota_changed(person.pk)
            self.log_change(request, person, f"Gave {tokens:,} tokens back: {note}")
            self.message_user(request, f"{person.email} got {tokens:,} tokens back.")
        return None


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def _table(heads: tuple[str, ...], rows: Any) -> SafeString:
    cells = ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", cells)
    if not body:
        return SafeString("–")
    head = format_html_join("", "<th>{}</th>", ((name,) for name in heads))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
