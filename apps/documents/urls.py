from django.urls import path

from apps.documents import link_views, views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("robots.txt", views.robots),
    path("documents/", views.document_list, name="documents"),
    path("documents/new/", views.create, name="create_document"),
    path("documents/<uuid:document_id>/", views.editor, name="document"),
    path("documents/<uuid:document_id>/history/", views.history, name="document_history"),
    path("documents/<uuid:document_id>/rename/", views.rename, name="rename_document"),
    path("documents/<uuid:document_id>/trash/", views.trash, name="trash_document"),
    path("documents/<uuid:document_id>/restore/", views.restore, name="restore_document"),
    path("documents/<uuid:document_id>/purge/", views.purge, name="purge_document"),
    path("documents/<uuid:document_id>/leave/", views.leave, name="leave_document"),
    path("invitations/", views.invitation, name="invitation"),
    path("s/<str:token>/", link_views.open_link, name="link"),
    path("s/<uuid:link_id>/password/", link_views.ask_password, name="link_password"),
]
