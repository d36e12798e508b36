"""What this process counts, by prometheus-client. Each app names its own in its `metrics.py`.

Labels take few values, of our own: actions, models of the settings, codes, routes; never ids, addresses or text.
"""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

NAMESPACE = "interline"
LATENCY_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
BRIEF_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads
REGISTRY = CollectorRegistry(auto_describe=False)
ProcessCollector(namespace=NAMESPACE, registry=REGISTRY)


def counter(name: str, about: str, *labels: str) -> Counter:
    """Return the counter `interline_<name>_total`."""
    return Counter(name, about, labels, namespace=NAMESPACE, registry=REGISTRY)


def gauge(name: str, about: str, *labels: str) -> Gauge:
    return Gauge(name, about, labels, namespace=NAMESPACE, registry=REGISTRY)


def histogram(name: str, about: str, *labels: str, buckets: Sequence[float] = LATENCY_SECONDS) -> Histogram:
    """Return the histogram `interline_<name>`, of seconds."""
    return Histogram(name, about, labels, namespace=NAMESPACE, registry=REGISTRY, buckets=buckets)
