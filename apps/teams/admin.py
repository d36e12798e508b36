"""Teams and their people, for administrators."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest

from apps.teams.models import Team, TeamInvitation, TeamMembership


class TeamMembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    model = TeamMembership
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


@admin.register(TeamInvitation)
class TeamInvitationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("email", "team", "role", "invited_by", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("team", "invited_by")
    search_fields = ("email", "team__name", "invited_by__email")
    autocomplete_fields = ("team", "invited_by")
