"""What the admin's pages of people and of teams' pools have in common: both use tokens, and are given some back."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.errors import InterlineError
from apps.quotas.admin.asking import AsksFirst, is_confirmed, table
from apps.quotas.allowances import Allowance, today
from apps.quotas.services import give_back
from apps.teams.models import Team

HISTORY_ENTRIES = 50


class GiveBackForm(forms.Form):
    tokens = forms.IntegerField(min_value=1, help_text="Of what was used this week and month, latest days first.")
    note = forms.CharField(max_length=200, help_text="Why; it stays in the ledger.")


class UsesTokens(AsksFirst):
    """Columns with what is used, and the action that gives tokens back."""

    @admin.display(ordering="today_used")
    def used_today(self, one: Any) -> str:
        return f"{one.today_used or 0:,}"

    @admin.display(ordering="today_reserved", description="reserved now")
    def reserved_today(self, one: Any) -> str:
        return f"{one.today_reserved or 0:,}"

    @admin.display(ordering="month_used")
    def used_this_month(self, one: Any) -> str:
        return f"{one.month_used or 0:,}"

    def ask_give_back(
        self, request: HttpRequest, queryset: QuerySet[Any], *, whom: str
    ) -> tuple[HttpResponse | None, dict[str, Any]]:
        """Return the page that asks, or what was answered there."""
        form = GiveBackForm(request.POST if is_confirmed(request) else None)
        if form.is_valid():
            return None, form.cleaned_data
        question = f"Give {queryset.count():,} {whom} tokens back?"
        return self.ask(request, queryset, action="give_tokens_back", question=question, form=form), {}


def counted(queryset: QuerySet[Any], uses: QuerySet[Any], holder: str) -> QuerySet[Any]:
    """Add the columns' values. `uses`: days of use of the row at hand, whose `holder` they name."""
    day = today()
    month = uses.filter(day__gte=day.replace(day=1)).values(holder)
    with_counters: QuerySet[Any] = queryset.annotate(
        today_used=Subquery(uses.filter(day=day).values("used")[:1]),
        today_reserved=Subquery(uses.filter(day=day).values("reserved")[:1]),
        month_used=Subquery(month.annotate(total=Sum("used")).values("total")[:1]),
    )
    return with_counters


def give_each_back(
    page: "admin.ModelAdmin[Any]",
    request: HttpRequest,
    holders: Iterable[tuple[Any, User | Team, str]],
    answers: dict[str, Any],
    tell: Callable[[Any], None],
) -> None:
    """Give tokens back to each of `holders` (row, who, name), note it, and `tell` by the row's id who has to know."""
    tokens, note = answers["tokens"], answers["note"]
    by = request.user if isinstance(request.user, User) else None
    for row, holder, name in holders:
        try:
            give_back(holder, tokens, note=note, by=by)
        except InterlineError as error:
            page.message_user(request, f"{name}: {error.message}", messages.ERROR)
            continue
        tell(row.pk)
        page.log_change(request, row, f"Gave {tokens:,} tokens back: {note}")
        page.message_user(request, f"{name} got {tokens:,} tokens back.")


def what_is_left(allowance: Allowance) -> SafeString:
    return format_html_join(
        SafeString("<br>"),
        "{}: {}",
        (
            (share.window, "no limit" if share.left is None else f"{share.left:,} of {share.limit:,}")
            for share in allowance.shares
        ),
    )


def day_by_day(uses: QuerySet[Any]) -> SafeString:
    rows = uses.order_by("-day")[:HISTORY_ENTRIES]
    return table(("Day", "Used", "Reserved"), ((one.day, f"{one.used:,}", f"{one.reserved:,}") for one in rows))
