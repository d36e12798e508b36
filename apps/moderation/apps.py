from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "apps.moderation"
    verbose_name = "Moderation and audit"

    def ready(self) -> None:
        from apps.moderation import receivers  # noqa: F401, PLC0415  (models may be imported only now)
