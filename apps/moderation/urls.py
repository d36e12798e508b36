from django.urls import path

from apps.moderation import policy_views, views

urlpatterns = [
    path("notices/read/", views.read_notice, name="read_notice"),
    path("settings/reports/", views.reports_page, name="reports"),
    path("teams/<uuid:team_id>/policy/", policy_views.team_policy, name="team_policy"),
]
