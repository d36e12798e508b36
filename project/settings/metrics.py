"""Metrics for Prometheus, and who may read them at /metrics."""

from project.settings.environment import env

METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # who sends it as `Authorization: Bearer …` may read /metrics
# Networks whose addresses may read /metrics without it.
METRICS_ADDRESSES: list[str] = env.list("METRICS_ADDRESSES", ["127.0.0.1/32", "::1/128"])
METRICS_SECONDS = env.float("METRICS_SECONDS", 10)  # how often a process leaves its metrics where /metrics finds them
