"""Reads `/metrics` as Prometheus does."""

from typing import Self

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.processes import wait_until


class Scrape:
    """What a page of metrics says."""

    def __init__(self, url: str) -> None:
        answer = httpx.get(url + "/metrics", timeout=30)
        answer.raise_for_status()
        self.samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]

    @classmethod
    def of_now(cls, url: str, *, process: str) -> Self:
        """Return a page on which everything is that processes of a kind have counted before this call."""
        reported = cls(url).total("interline_metrics_reports_total", process=process)

        def newer() -> Self | None:
            page = cls(url)
            is_newer = page.total("interline_metrics_reports_total", process=process) >= reported + 2
            return page if is_newer else None

        page: Self = wait_until(newer, seconds=30, what=f"a report of the {process}")
        return page

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples with these labels, over all processes."""
        return sum(
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        )
