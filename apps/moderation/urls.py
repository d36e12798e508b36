from django.urls import path

from apps.moderation import views

urlpatterns = [
    path("settings/reports/", views.reports_page, name="reports"),
]
