from django.apps import AppConfig


class CollaborationConfig(AppConfig):
    name = "apps.collaboration"

    def ready(self) -> None:
        from apps.collaboration import receivers  # noqa: F401, PLC0415  (models may be imported only now)
