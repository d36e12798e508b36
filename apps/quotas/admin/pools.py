"""Pools of teams, for administrators."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from apps.quotas.admin.asking import is_confirmed, moment, table
from apps.quotas.admin.using import HISTORY_ENTRIES, UsesTokens, counted, day_by_day, give_each_back, what_is_left
from apps.quotas.allowances import allowance_of_team
from apps.quotas.models import Entry, Pays, TeamDailyUse, TeamPool
from apps.quotas.signals import tell_pool_changed


class PaysForm(forms.Form):
    pays = forms.ChoiceField(choices=Pays.choices, label="Who pays in the team's documents")


@admin.register(TeamPool)
class TeamPoolAdmin(UsesTokens, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("team", "tier", "pays", "used_today", "reserved_today", "used_this_month")
    list_filter = ("tier", "pays")
    list_select_related = ("team", "tier")
    search_fields = ("team__name", "=team__id", "team__memberships__user__email")
    autocomplete_fields = ("team",)
    fields = ("team", "tier", "pays", "left", "days", "history")
    readonly_fields = ("left", "days", "history")
    actions = ("set_rule", "give_tokens_back")

    def get_queryset(self, request: HttpRequest) -> Any:
        return counted(super().get_queryset(request), TeamDailyUse.objects.filter(team_id=OuterRef("pk")), "team_id")

    def get_readonly_fields(self, request: HttpRequest, obj: TeamPool | None = None) -> Any:
        return (*self.readonly_fields, "team") if obj else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: TeamPool | None = None) -> Any:
        return self.fields if obj else ("team", "tier", "pays")

    @admin.display(description="left")
    def left(self, pool: TeamPool) -> SafeString:
        return what_is_left(allowance_of_team(pool.pk))

    @admin.display(description="days")
    def days(self, pool: TeamPool) -> SafeString:
        return day_by_day(TeamDailyUse.objects.filter(team_id=pool.pk))

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
        page, answers = self.ask_give_back(request, queryset, whom="teams")
        if page is not None:
            return page
        give_each_back(
            self, request, ((pool, pool.team, str(pool.team)) for pool in queryset), answers, tell_pool_changed
        )
        return None
