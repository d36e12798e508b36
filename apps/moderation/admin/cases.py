"""The review queue: what waits, the longest due first, and one case per page with all there is about it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince, timeuntil
from django.views.decorators.cache import never_cache

from apps.accounts.models import Suspension, User
from apps.core import deeds
from apps.core.errors import InterlineError
from apps.core.read_only import ReadOnlyAdmin
from apps.moderation.cases import similar_cases, verdicts_of
from apps.moderation.models import Case, CaseDecision
from apps.moderation.review import Kind, Wish, choices, decide, held_request, is_blocked, reviewed_comment

# Each decision's key, what it is called, and what it does.
KEYS = {
    Kind.APPROVE: (
        "a",
        "Approve",
        "Nothing is wrong with it. A held request may run; a suspension that is appealed stays.",
    ),
    Kind.REMOVE: (
        "r",
        "Remove",
        "Withdraw it from everybody’s page. What was accepted into a document stays; its owners are shown it.",
    ),
    Kind.WARN: ("w", "Warn", "Tell the person, by mail and on their next page."),
    Kind.SUSPEND: ("s", "Suspend", "Keep the person out, at once. They are told why, and how to appeal, by mail too."),
    Kind.RESTORE: ("t", "Restore", "Lift the suspension, show it again, let the request run."),
    Kind.ESCALATE: ("e", "Escalate", "Pass it on to somebody who may decide escalated cases."),
}
BLOCKED_KEYS = {
    Kind.APPROVE: ("a", "Let pass", "Nothing is wrong with it. The person is told that they may ask the same again."),
    Kind.REMOVE: ("r", "Leave blocked", "It was refused when it was asked, and the same is refused again."),
}
LENGTHS = ((1, "a day"), (7, "a week"), (30, "30 days"), (0, "until a reviewer ends it"))
DAYS = 7


class DecisionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=CaseDecision.Kind.choices)
    words = forms.CharField(required=False, max_length=settings.REVIEW_WORDS_MAX_CHARACTERS)
    note = forms.CharField(required=False, max_length=settings.REVIEW_WORDS_MAX_CHARACTERS)
    days = forms.TypedChoiceField(coerce=int, required=False, empty_value=None, choices=LENGTHS)

    def wish(self, site: str) -> Wish:
        said = self.cleaned_data
        days = DAYS if said["days"] is None else said["days"]
        until = timezone.now() + timedelta(days=days) if days else None
        return Wish(Kind(said["kind"]), said["version"], note=said["note"], words=said["words"], until=until, site=site)


class StateFilter(admin.SimpleListFilter):
    """What is to be decided, unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [*Case.State.choices, ("overdue", "Overdue"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen in Case.State.values:
            return queryset.filter(state=chosen)
        waiting = queryset.exclude(state=Case.State.CLOSED)
        return waiting.filter(due_at__lt=timezone.now()) if chosen == "overdue" else waiting

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": "To be decided"}
        yield from others


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("due", "about", "user", "state", "reported", "opened", "outcome")
    list_display_links = ("due", "about")
    list_filter = (StateFilter, "target_kind", "outcome", "opened_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=target_id", "user__email", "user__name", "=document__id")
    search_help_text = "A person, or exactly the id of a case, generation or document."
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Count("reports", filter=Q(reports__answered_at=None))
        return super().get_queryset(request).annotate(waiting_reports=waiting)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_decide_permission(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("moderation.change_case")

    @admin.display(description="due", ordering="due_at")
    def due(self, case: Case) -> str:
        return due_in_words(case)

    @admin.display(description="about", ordering="target_kind")
    def about(self, case: Case) -> str:
        return str(case)

    @admin.display(description="reports", ordering="waiting_reports")
    def reported(self, case: Any) -> int:
        return int(case.waiting_reports)

    @admin.display(description="opened", ordering="opened_at")
    def opened(self, case: Case) -> str:
        return f"{timesince(case.opened_at, depth=1)} ago"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(never_cache(self.decide_view))
        return [path("<uuid:case_id>/decide/", view, name="moderation_case_decide"), *super().get_urls()]

    @transaction.atomic
    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        """Show a case. That is written down: excerpts, a comment and what reporters say are in it."""
        case = self.get_object(request, object_id)
        if not self.has_view_permission(request, case):
            raise PermissionDenied
        if case is None:
            raise Http404
        deeds.tell("moderation.case_read", target=("case", case.pk))
        return self.page(request, case, {"version": case.version, "days": DAYS})

    def decide_view(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """Take a decision, and go on to what is due next."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        case = Case.objects.select_related("user").filter(pk=case_id).first()
        if case is None:
            raise Http404
        form = DecisionForm(request.POST or None)
        if request.method != "POST":
            return redirect("admin:moderation_case_change", case_id)
        if not form.is_valid():
            messages.error(request, "Choose what is decided first.")
            return self.page(request, case, form.data)
        assert isinstance(request.user, User)
        try:
            case = decide(case_id, form.wish(request.build_absolute_uri("/")), by=request.user)
        except InterlineError as error:
            messages.error(request, error.message)
            case.refresh_from_db()
            return self.page(request, case, {**form.cleaned_data, "version": case.version})
        label = Kind(form.cleaned_data["kind"]).label
        self.log_change(request, case, f"{label}.")
        messages.success(request, format_html("{}: {}.", case, label.lower()))
        following = next_case(case)
        if following is None:
            return redirect("admin:moderation_case_changelist")
        return redirect("admin:moderation_case_change", following.pk)

    def page(self, request: HttpRequest, case: Case, said: Any) -> HttpResponse:
        may = self.has_decide_permission(request)
        keys = KEYS | BLOCKED_KEYS if is_blocked(case) else KEYS
        offered = [(kind, *keys[kind]) for kind in choices(case)] if may else []
        context = {
            **self.admin_site.each_context(request),
            "title": str(case),
            "opts": Case._meta,
            "case": case,
            "due": due_in_words(case),
            "links": list(links_of(request, case)),
            "verdicts": verdicts_of(case),
            "held": held_request(case),
            "blocked": is_blocked(case),
            "comment": reviewed_comment(case),
            "suspension": appealed(case),
            "reports": case.reports.select_related("reporter"),
            "decisions": case.decisions.select_related("by"),
            "similar": similar_cases(case),
            "offered": offered,
            "lengths": LENGTHS,
            "said": said,
            "words_max": settings.REVIEW_WORDS_MAX_CHARACTERS,
            "following": next_case(case),
            "previous": previous_case(case),
        }
        return TemplateResponse(request, "admin/moderation/case.html", context)


def due_in_words(case: Case, now: datetime | None = None) -> str:
    if case.state == Case.State.CLOSED:
        return "decided"
    if case.is_overdue:
        return f"overdue by {timesince(case.due_at, now, depth=1)}"
    return f"in {timeuntil(case.due_at, now, depth=1)}"


def appealed(case: Case) -> Suspension | None:
    """Return the suspension that an appeal is about."""
    if case.target_kind != Case.Target.PERSON or case.user_id is None:
        return None
    return Suspension.objects.filter(user_id=case.user_id).exclude(appeal=Suspension.Appeal.NONE).first()


def links_of(request: HttpRequest, case: Case) -> Iterator[tuple[str, str]]:
    """Yield where more is to be read: each page of it asks who may, and writes down that they did."""
    pages = [
        (
            case.target_kind == Case.Target.GENERATION and request.user.has_perm("assistant.read_transcript"),
            ("Read the transcript, giving a reason", "admin:assistant_generation_transcript", case.target_id),
        ),
        (
            held_request(case) is not None
            and not is_blocked(case)
            and request.user.has_perm("moderation.change_heldrequest"),
            ("Read the request", "admin:moderation_heldrequest_change", case.target_id),
        ),
        (
            case.user_id is not None and request.user.has_perm("accounts.view_user"),
            ("The person’s account", "admin:accounts_user_change", case.user_id),
        ),
    ]
    for may, (words, name, target) in pages:
        if may:
            try:
                yield words, reverse(name, args=[target])
            except NoReverseMatch:  # a target that was never one of these
                continue


def next_case(case: Case) -> Case | None:
    """Return what is due after `case`; at the end, what is due first."""
    waiting = Case.objects.exclude(state=Case.State.CLOSED).exclude(pk=case.pk).order_by("due_at", "pk")
    after = Q(due_at__gt=case.due_at) | Q(due_at=case.due_at, pk__gt=case.pk)
    return waiting.filter(after).first() or waiting.first()


def previous_case(case: Case) -> Case | None:
    waiting = Case.objects.exclude(state=Case.State.CLOSED).exclude(pk=case.pk).order_by("-due_at", "-pk")
    return waiting.filter(Q(due_at__lt=case.due_at) | Q(due_at=case.due_at, pk__lt=case.pk)).first()
