from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("settings/", views.settings_page, name="settings"),
    path("settings/appearance/", views.set_appearance, name="set_appearance"),
]
