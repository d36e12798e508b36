"""Teams and their people, for administrators."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from apps.teams.models import Team, TeamInvitation, TeamMembership, TeamRole
from apps.teams.services import delete_team, tell_membership_changed


class MembershipFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs only
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data["DELETE"]]
        if kept and not any(one["role"] == TeamRole.OWNER for one in kept):
            raise ValidationError("A team needs an owner.")


class TeamMembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    model = TeamMembership
    formset = MembershipFormSet
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("name", "id", "people", "created_at")
    list_filter = ("created_at",)
    search_fields = ("name", "=id", "memberships__user__email")
    fields = ("id", "name", "created_at")
    readonly_fields = ("id", "created_at")
    inlines: ClassVar = [TeamMembershipInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(people_count=Count("memberships", distinct=True))

    @admin.display(ordering="people_count")
    def people(self, team: Any) -> int:
        return int(team.people_count)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Have open sockets look again at who came, left or has another role."""
        super().save_formset(request, form, formset, change)
        changed = [one for one, _ in formset.changed_objects]
        for membership in (*formset.new_objects, *changed, *formset.deleted_objects):
            tell_membership_changed(membership.team_id, membership.user_id)

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        delete_team(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Team]) -> None:
        for team in queryset:
            delete_team(team)


@admin.register(TeamInvitation)
class TeamInvitationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("email", "team", "role", "invited_by", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("team", "invited_by")
    search_fields = ("email", "team__name", "invited_by__email")
    autocomplete_fields = ("team", "invited_by")
