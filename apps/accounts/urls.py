from django.urls import path

from apps.accounts import keys_views, suspension_views, views

urlpatterns = [
    path("suspended/", suspension_views.suspended_page, name="suspended"),
    path("settings/", views.settings_page, name="settings"),
    path("settings/mail/", views.set_mail, name="set_mail"),
    path("settings/appearance/", views.set_appearance, name="set_appearance"),
    path("settings/api-keys/", keys_views.keys_page, name="api_keys"),
    path("settings/api-keys/<uuid:key_id>/rotate/", keys_views.rotate, name="rotate_api_key"),
    path("settings/api-keys/<uuid:key_id>/revoke/", keys_views.revoke, name="revoke_api_key"),
]
