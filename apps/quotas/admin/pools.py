"""Pools of teams, for administrators."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.errors import InterlineError
from apps.quotas.admin.asking import AsksFirst, GiveBackForm, is_confirmed, moment, table
from apps.quotas.allowances import allowance_of_team, today
from apps.quotas.models import Entry, Pays, TeamDailyUse, TeamPool
from apps.quotas.services import give_back
from apps.quotas.signals import tell_pool_changed

HISTORY_ENTRIES = 50


class PaysForm(forms.Form):
    pays = forms.ChoiceField(choices=Pays.choices, label="Who pays in the team's documents")


@admin.register(TeamPool)
class TeamPoolAdmin(AsksFirst, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("team", "tier", "pays", "used_today", "reserved_today", "used_this_month")
    list_filter = ("tier", "pays")
    list_select_related = ("team", "tier")
    search_fields = ("team__name", "=team__id", "team__memberships__user__email")
    autocomplete_fields = ("team",)
    fields = ("team", "tier", "pays", "left", "days", "history")
    readonly_fields = ("left", "days", "history")
    actions = ("set_rule", "give_tokens_back")

    def get_queryset(self, request: HttpRequest) -> Any:
        day = today()
        uses = TeamDailyUse.objects.filter(team_id=OuterRef("pk"))
        month = uses.filter(day__gte=day.replace(day=1)).values("team_id")
        return (
            super()
            .get_queryset(request)
            .annotate(
                today_used=Subquery(uses.filter(day=day).values("used")[:1]),
                today_reserved=Subquery(uses.filter(day=day).values("reserved")[:1]),
                month_used=Subquery(month.annotate(total=Sum("used")).values("total")[:1]),
            )
        )

    def get_readonly_fields(self, request: HttpRequest, obj: TeamPool | None = None) -> Any:
        return (*self.readonly_fields, "team") if obj else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: TeamPool | None = None) -> Any:
        return self.fields if obj else ("team", "tier", "pays")

    @admin.display(ordering="today_used")
    def used_today(self, pool: Any) -> str:
        return f"{pool.today_used or 0:,}"

    @admin.display(ordering="today_reserved", description="reserved now")
    def reserved_today(self, pool: Any) -> str:
        return f"{pool.today_reserved or 0:,}"

    @admin.display(ordering="month_used")
    def used_this_month(self, pool: Any) -> str:
        return f"{pool.month_used or 0:,}"

    @admin.display(description="left")
    def left(self, pool: TeamPool) -> SafeString:
        return format_html_join(
            SafeString("<br>"),
            "{}: {}",
            (
                (share.window, "no limit" if share.left is None else f"{share.left:,} of {share.limit:,}")
                for share in allowance_of_team(pool.pk).shares
            ),
        )

    @admin.display(description="days")
    def days(self, pool: TeamPool) -> SafeString:
        rows = TeamDailyUse.objects.filter(team_id=pool.pk).order_by("-day")[:HISTORY_ENTRIES]
        return table(("Day", "Used", "Reserved"), ((one.day, f"{one.used:,}", f"{one.reserved:,}") for one in rows))

    def history(self, pool: TeamPool) -> SafeString:
        rows = Entry.objects.filter(team_id=pool.pk).select_related("user")[:HISTORY_ENTRIES]
        return table(
            ("When", "Who", "What", "Model", "Tokens", "Note"),
            (
                (
                    moment(one.created_at),
                    one.user.email if one.user else "",
                    one.action or one.kind,
                    one.model,
                    f"{one.tokens:,}",
                    one.note,
                )
                for one in rows
            ),
        )

    def save_model(self, request: HttpRequest, obj: TeamPool, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        tell_pool_changed(obj.pk)

    def delete_model(self, request: HttpRequest, obj: TeamPool) -> None:
        team_id = obj.pk
        super().delete_model(request, obj)
        tell_pool_changed(team_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TeamPool]) -> None:
        teams = list(queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        for team_id in teams:
            tell_pool_changed(team_id)

    @admin.action(description="Change who pays…", permissions=["change"])
    def set_rule(self, request: HttpRequest, queryset: QuerySet[TeamPool]) -> HttpResponse | None:
        form = PaysForm(request.POST if is_confirmed(request) else None)
        if not form.is_valid():
            question = f"Change who pays in the documents of {queryset.count():,} teams?"
            return self.ask(request, queryset, action="set_rule", question=question, form=form)
        rule = Pays(form.cleaned_data["pays"])
        for pool in queryset:
            TeamPool.objects.filter(pk=pool.pk).update(pays=rule)
            tell_pool_changed(pool.pk)
            self.log_change(request, pool, f"Pays: {rule.label}.")
        self.message_user(request, f"In {queryset.count():,} teams now pays: {rule.label}.")
        return None

    @admin.action(description="Give tokens back…", permissions=["change"])
    def give_tokens_back(self, request: HttpRequest, queryset: QuerySet[TeamPool]) -> HttpResponse | None:
        form = GiveBackForm(request.POST if is_confirmed(request) else None)
        if not form.is_valid():
            question = f"Give {queryset.count():,} teams tokens back?"
            return self.ask(request, queryset, action="give_tokens_back", question=question, form=form)
        tokens, note = form.cleaned_data["tokens"], form.cleaned_data["note"]
        by = request.user if isinstance(request.user, User) else None
        for pool in queryset:
            try:
                give_back(pool.team, tokens, note=note, by=by)
            except InterlineError as error:
                self.message_user(request, f"{pool.team}: {error.message}", messages.ERROR)
                continue
            tell_pool_changed(pool.pk)
            self.log_change(request, pool, f"Gave {tokens:,} tokens back: {note}")
            self.message_user(request, f"{pool.team} got {tokens:,} tokens back.")
        return None
