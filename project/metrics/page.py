"""`/metrics`: Prometheus' text, for who has the token, or asks from this machine."""

import ipaddress
import logging
import secrets
from collections.abc import Iterable

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.core.addresses import request_address
from apps.core.metrics import NAMESPACE
from apps.core.metrics_report import Reading, read_all, read_own
from project.metrics.shared import shared_metrics

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics of every process; 404 for who may not see them."""
    if not may_see(request):
        return HttpResponse("Not found.\n", status=404, content_type="text/plain; charset=utf-8")
    return HttpResponse(generate_latest(_registry(everything())), content_type=CONTENT_TYPE_LATEST)


def may_see(request: HttpRequest) -> bool:
    """Say whether `request` has METRICS_TOKEN, or comes from one of METRICS_ADDRESSES.

    A proxy on this machine that nobody told us of looks like this machine: what was forwarded counts only where
    TRUSTED_PROXY_COUNT says by how many.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    was_forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if was_forwarded and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return False
    try:
        address = ipaddress.ip_address(request_address(request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.METRICS_ADDRESSES)


def everything() -> list[Metric]:
    """Return the metrics of every process; without Redis, this one's own."""
    mine = read_own()
    try:
        others = [reading for reading in read_all() if reading.name != mine.name]
        shared, reached = shared_metrics(), 1
    except (redis.RedisError, OSError):
        logger.warning("metrics.alone")
        others, shared, reached = [], [], 0
    up = GaugeMetricFamily(
        f"{NAMESPACE}_redis_up", "1 where Redis answers: else only one process is shown here.", reached
    )
    return [*_joined([mine, *others]), *shared, up]


def _joined(readings: Iterable[Reading]) -> list[Metric]:
    """Return one family per name, its samples labelled by process."""
    families: dict[str, Metric] = {}
    for reading in readings:
        where = {"process": reading.kind, "process_name": reading.name}
        for metric in reading.metrics:
            family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            for sample in metric.samples:
                family.add_sample(sample.name, {**sample.labels, **where}, sample.value)
    return list(families.values())


class _Given(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _registry(families: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(families))
    return registry
