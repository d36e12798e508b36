"""Histograms with logarithmic buckets, eight to a doubling: they add up over hours, and tell a quantile within 4.5 %.

Bucket `b` holds values from 2^(b/8) up to 2^((b+1)/8); its middle is within a factor 2^(1/16), 1.044, of each.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

PER_DOUBLING = 8
SPEED_SCALE = 10  # tokens per second are counted in tenths: buckets have whole numbers
# In SQL, of a number of 1 or more (anything smaller counts as 1).
BUCKET = f"floor(ln(greatest({{value}}, 1)) / ln(2) * {PER_DOUBLING})::int"

Histogram = Mapping[str, int]


def merge(histograms: Iterable[Histogram]) -> Counter[int]:
    merged: Counter[int] = Counter()
    for histogram in histograms:
        for bucket, count in histogram.items():
            merged[int(bucket)] += count
    return merged


def quantile(histogram: Mapping[int, int], share: float) -> float | None:
    """Return the value that `share` of the values do not pass; None of none."""
    total = sum(histogram.values())
    if not total:
        return None
    wanted, seen = share * total, 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= wanted:
            break
    return float(2 ** ((bucket + 0.5) / PER_DOUBLING))
