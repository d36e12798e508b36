"""The metrics of the last quarter of an hour, kept in Redis: what was counted between two looks, and what is now."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from prometheus_client.metrics_core import Metric

from apps.core.metrics_report import Reading, read_all
from apps.core.redis import key, sync_redis
from project.metrics.shared import shared_metrics

KEPT_SECONDS = 900.0
ENTRIES_MAX = 1_000  # however often somebody looks
FORGET_SECONDS = 3_600  # after the last look, what was counted until then says nothing

# What is needed of what processes count, and by which of its labels.
COUNTED: dict[str, tuple[str, ...]] = {
    "interline_sockets_resumed_total": (),
    "interline_generations_total": ("outcome",),
    "interline_generation_refusals_total": (),
    "interline_generation_first_token_seconds_bucket": ("le",),
    "interline_quota_exhausted_total": ("holder",),
}

Counts = dict[str, float]


def _name(sample: Any) -> str:
    return " ".join([sample.name, *(sample.labels.get(label, "") for label in COUNTED[sample.name])])


@dataclass(frozen=True)
class Window:
    """`entries`: (seconds since the epoch, what was counted since the entry before). `gauges`: families as they are."""

    now: float
    entries: list[tuple[float, Counts]]
    gauges: list[Metric]

    def increase(self, name: str, seconds: float, *labels: str) -> float:
        """Return how much a counter grew in the last `seconds`; the sum over labels that are not said."""
        wanted = " ".join([name, *labels])
        return sum(
            value
            for at, counts in self.entries
            if at > self.now - seconds
            for counted, value in counts.items()
            if counted == wanted or counted.startswith(wanted + " ")
        )

    def quantile(self, name: str, share: float, seconds: float) -> float | None:
        """Return the `share` quantile of a histogram in the last `seconds`: the upper bound of its bucket.

        None where nothing was observed.
        """
        bounds: defaultdict[float, float] = defaultdict(float)
        for at, counts in self.entries:
            if at > self.now - seconds:
                for counted, value in counts.items():
                    if counted.startswith(f"{name}_bucket "):
                        bounds[float(counted.rpartition(" ")[2])] += value
        whole = bounds.get(float("inf"), 0.0)
        if not whole:
            return None
        return next(bound for bound in sorted(bounds) if bounds[bound] >= share * whole)

    def values(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Return a gauge's samples, each with its labels."""
        return [(one.labels, one.value) for family in self.gauges for one in family.samples if one.name == name]


def look(now: float) -> Window:
    """Add what was counted since the last look, and return the window. One caller at a time."""
    readings = read_all()
    before = sync_redis().get(key("alerts", "totals"))
    totals = {reading.name: _totals(reading) for reading in readings}
    grown = _grown(json.loads(before) if before else None, totals)
    entries_key = key("alerts", "entries")
    with sync_redis().pipeline() as pipeline:
        pipeline.set(key("alerts", "totals"), json.dumps(totals), ex=FORGET_SECONDS)
        pipeline.zadd(entries_key, {json.dumps([now, grown]): now})
        pipeline.zremrangebyscore(entries_key, "-inf", now - KEPT_SECONDS)
        pipeline.expire(entries_key, FORGET_SECONDS)
        pipeline.zrange(entries_key, -ENTRIES_MAX, -1)
        stored = pipeline.execute()[-1]
    entries = [(at, counts) for at, counts in map(json.loads, stored)]
    return Window(now, entries, [*shared_metrics(), *(metric for reading in readings for metric in reading.metrics)])


def _totals(reading: Reading) -> Counts:
    totals: Counts = defaultdict(float)
    for metric in reading.metrics:
        for sample in metric.samples:
            if sample.name in COUNTED:
                totals[_name(sample)] += sample.value
    return totals


def _grown(before: dict[str, Counts] | None, totals: dict[str, Counts]) -> Counts:
    """Return what all processes counted since `before`; at the first look nothing, for nobody knows since when."""
    grown: Counts = defaultdict(float)
    if before is None:
        return grown
    for process, counts in totals.items():
        for name, value in counts.items():
            grown[name] += max(0.0, value - before.get(process, {}).get(name, 0.0))
    return {name: value for name, value in grown.items() if value}
