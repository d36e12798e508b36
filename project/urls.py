"""Which path leads where."""

from django.contrib import admin
from django.urls import include, path

from project.api import api
from project.asyncapi import asyncapi_json, asyncapi_page

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/v1/asyncapi.json", asyncapi_json, name="asyncapi"),
    path("api/v1/docs/sockets", asyncapi_page, name="socket_docs"),
    path("api/v1/", api.urls),
    path("", include("apps.accounts.urls")),
    path("", include("project.personal.urls")),
    path("", include("apps.quotas.urls")),
    path("", include("apps.moderation.urls")),
    path("", include("apps.teams.urls")),
    path("", include("apps.documents.urls")),
]
