from django.urls import path

from apps.teams import views

urlpatterns = [
    path("teams/", views.team_list, name="teams"),
    path("teams/invitations/", views.invitation, name="team_invitation"),
    path("teams/<uuid:team_id>/", views.team_page, name="team"),
    path("teams/<uuid:team_id>/rename/", views.rename, name="rename_team"),
    path("teams/<uuid:team_id>/delete/", views.delete, name="delete_team"),
    path("teams/<uuid:team_id>/leave/", views.leave, name="leave_team"),
    path("teams/<uuid:team_id>/invitations/withdraw/", views.withdraw, name="withdraw_team_invitation"),
    path("teams/<uuid:team_id>/members/<uuid:user_id>/role/", views.change_role, name="change_team_role"),
    path("teams/<uuid:team_id>/members/<uuid:user_id>/remove/", views.remove, name="remove_team_member"),
]
