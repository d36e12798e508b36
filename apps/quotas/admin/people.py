"""People with their tiers and usage, and the ledger, for administrators."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.read_only import ReadOnlyAdmin
from apps.quotas.admin.asking import is_confirmed, moment, table
from apps.quotas.admin.using import HISTORY_ENTRIES, UsesTokens, counted, day_by_day, give_each_back, what_is_left
from apps.quotas.allowances import allowance_of
from apps.quotas.models import Account, DailyUse, Entry, Override, Tier
from apps.quotas.people import set_tier
from apps.quotas.signals import tell_quota_changed


class TierForm(forms.Form):
    tier = forms.ModelChoiceField(Tier.objects.all())


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = (
        *("created_at", "user", "team", "kind", "action", "model", "outcome"),
        *("tokens", "prompt_tokens", "completion_tokens", "uncharged", "note", "made_by"),
    )
    list_filter = ("kind", "outcome", "action", "model", "day")
    list_select_related = ("user", "team", "made_by")
    search_fields = ("user__email", "user__name", "team__name", "=generation_id", "=document_id", "note")
    date_hierarchy = "day"


@admin.register(Account)
class AccountAdmin(UsesTokens, ReadOnlyAdmin):
    """People with their tier and what they have used: the live view, and the door to their history."""

    list_display = ("email", "name", "tier", "used_today", "reserved_today", "used_this_month")
    list_filter = ("tier_assignment__tier",)
    search_fields = ("email", "name", "=id")
    ordering = ("email",)
    fields = ("email", "name", "tier", "left", "exceptions", "days", "history")
    readonly_fields = fields
    actions = ("give_tier", "give_tokens_back")

    def get_queryset(self, request: HttpRequest) -> Any:
        everybodys = Tier.objects.filter(is_default=True).values("label")[:1]
        people = counted(super().get_queryset(request), DailyUse.objects.filter(user_id=OuterRef("pk")), "user_id")
        return people.annotate(tier_label=Coalesce("tier_assignment__tier__label", Subquery(everybodys)))

    @admin.display(ordering="tier_label")
    def tier(self, account: Any) -> str:
        return account.tier_label or "–"

    @admin.display(description="left")
    def left(self, account: Account) -> SafeString:
        return what_is_left(allowance_of(account.pk))

    def exceptions(self, account: Account) -> SafeString:
        rows = Override.objects.filter(user_id=account.pk).order_by("-id")[:HISTORY_ENTRIES]
        return table(
            ("Reason", "From", "To"), ((one.reason, moment(one.starts_at), moment(one.ends_at)) for one in rows)
        )

    @admin.display(description="days")
    def days(self, account: Account) -> SafeString:
        return day_by_day(DailyUse.objects.filter(user_id=account.pk))

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
        page, answers = self.ask_give_back(request, queryset, whom="people")
        if page is not None:
            return page
        people = User.objects.filter(pk__in=queryset.values("pk"))
        give_each_back(
            self, request, ((person, person, person.email) for person in people), answers, tell_quota_changed
        )
        return None
