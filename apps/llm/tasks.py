"""Health checks: whether the models nobody has used lately still answer."""

from celery import shared_task
from django.conf import settings

from apps.core.redis import sync_redis
from apps.llm.health import probe_channel, read_all


@shared_task
def check_models() -> None:
    """Have a generator ask each model that is due: a worker would need 170 MB more to do so itself."""
    if settings.AI_HEALTH_SECONDS:
        for model, health in read_all().items():
            if health is None or health.is_due:
                sync_redis().publish(probe_channel(), model)
