from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "apps.documents"

    def ready(self) -> None:
        from apps.documents import receivers  # noqa: F401, PLC0415  (models may be imported only now)
