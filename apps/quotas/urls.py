from django.urls import path

from apps.quotas import views

urlpatterns = [
    path("settings/usage/", views.usage_page, name="usage"),
    path("settings/usage.csv", views.usage_file, name="usage_file"),
]
