from django.urls import path

from project.personal import views

urlpatterns = [
    path("settings/data/", views.data_page, name="personal_data"),
    path("settings/data/delete-account/", views.erase_page, name="erase_account"),
]
