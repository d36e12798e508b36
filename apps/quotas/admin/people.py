"""People with their tiers and usage, and the ledger, for administrators."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.errors import InterlineError
from apps.quotas.admin.asking import AsksFirst, GiveBackForm, ReadOnly, is_confirmed, moment, table
from apps.quotas.allowances import allowance_of, today
from apps.quotas.models import Account, DailyUse, Entry, Override, Tier
from apps.quotas.people import set_tier
from apps.quotas.services import give_back
from apps.quotas.signals import tell_quota_changed

HISTORY_ENTRIES = 50


class TierForm(forms.Form):
    tier = forms.ModelChoiceField(Tier.objects.all())


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = (
        *("created_at", "user", "team", "kind", "action", "model", "outcome"),
        *("tokens", "prompt_tokens", "completion_tokens", "uncharged", "note", "made_by"),
    )
    list_filter = ("kind", "outcome", "action", "model", "day")
    list_select_related = ("user", "team", "made_by")
    search_fields = ("user__email", "user__name", "team__name", "=generation_id", "=document_id", "note")
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
        return table(
            ("Reason", "From", "To"), ((one.reason, moment(one.starts_at), moment(one.ends_at)) for one in rows)
        )

    @admin.display(description="days")
    def days(self, account: Account) -> SafeString:
        rows = DailyUse.objects.filter(user_id=account.pk).order_by("-day")[:HISTORY_ENTRIES]
        return table(("Day", "Used", "Reserved"), ((one.day, f"{one.used:,}", f"{one.reserved:,}") for one in rows))

    def history(self, account: Account) -> SafeString:
        rows = Entry.objects.filter(user_id=account.pk)[:HISTORY_ENTRIES]
        return table(
            ("When", "What", "Model", "Outcome", "Tokens", "Note"),
            (
                (
                    moment(one.created_at),
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
