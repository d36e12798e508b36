"""Leaves what a process counted in Redis every few seconds, where every web process finds it for `/metrics`.

It is compressed JSON under a key that is gone soon after the process is.
"""

import json
import logging
import os
import secrets
import socket
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from prometheus_client.metrics_core import Metric

from apps.core.metrics import REGISTRY, counter
from apps.core.redis import key, sync_redis

logger = logging.getLogger(__name__)

LIFETIMES = 3  # how many reports may be missed before a process counts as gone
SCAN_KEYS = 1000  # looked at per step
REPORTS = counter("metrics_reports", "How often a process has left its metrics here.")


@dataclass(frozen=True)
class Reading:
    """One process's metrics. `kind`: web, generator, worker, beat. `name`: unique over all machines."""

    kind: str
    name: str
    metrics: list[Metric]


class Reporter:
    """Reports from a thread of its own until stopped; then once more, or the last counts were lost."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.name = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.wait(settings.METRICS_SECONDS):
            self._report()

    def _report(self) -> None:
        try:
            keep(self.kind, self.name)
        except Exception:
            logger.warning("metrics.not_reported", extra={"kind": self.kind})

    def stop(self) -> None:
        self._stopped.set()
        self._report()


_reporter: Reporter | None = None


def start_reporting(kind: str) -> None:
    """Report this process's metrics from now on. A process forked from one that did has to say so again."""
    global _reporter
    _reporter = Reporter(kind)


def stop_reporting() -> None:
    if _reporter is not None:
        _reporter.stop()


def keep(kind: str, name: str) -> None:
    """Leave this process's metrics in Redis. Raises redis.RedisError."""
    REPORTS.inc()
    families = [
        [metric.name, metric.documentation, metric.type, [[one.name, one.labels, one.value] for one in metric.samples]]
        for metric in REGISTRY.collect()
    ]
    lifetime = int(settings.METRICS_SECONDS * LIFETIMES * 1000)
    sync_redis().set(key("metrics", kind, name), zlib.compress(json.dumps(families).encode(), 1), px=lifetime)


def read_own() -> Reading:
    """Return what this process counted until now."""
    kind, name = (_reporter.kind, _reporter.name) if _reporter else ("other", str(os.getpid()))
    return Reading(kind, name, list(REGISTRY.collect()))


def read_all() -> list[Reading]:
    """Return what every process counted that was heard of lately. Raises redis.RedisError."""
    keys: list[Any] = sorted(sync_redis().scan_iter(match=key("metrics", "*"), count=SCAN_KEYS))
    stored: Any = sync_redis().mget(keys) if keys else []
    return [_reading(name.decode(), value) for name, value in zip(keys, stored, strict=True) if value is not None]


def _reading(name: str, value: bytes) -> Reading:
    kind, process = name.removeprefix(key("metrics", "")).split(":", 1)
    return Reading(kind, process, list(_metrics(json.loads(zlib.decompress(value)))))


def _metrics(families: Any) -> Iterator[Metric]:
    for name, about, kind, samples in families:
        metric = Metric(name, about, kind)
        for sample in samples:
            metric.add_sample(*sample)
        yield metric
