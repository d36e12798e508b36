from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "apps.analytics"
    verbose_name = "Analytics and experiments"

    def ready(self) -> None:
        from apps.analytics import receivers  # noqa: F401, PLC0415  (models may be imported only now)
