from django.apps import AppConfig


class AssistantConfig(AppConfig):
    name = "apps.assistant"

    def ready(self) -> None:
        from apps.assistant import receivers, withdrawing  # noqa: F401, PLC0415  (models may be imported only now)
