"""Confidence intervals: Wilson's for shares (1927), Welch's for a ratio of times (of their logarithms)."""

import math
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate and where the true value lies, with 95 % confidence."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Times:
    """Of the logarithms of times: how many, their mean and their variance."""

    count: int
    mean: float
    variance: float


def wilson(hits: int, total: int) -> Interval | None:
    """Return the interval of a share of 1; None of nothing."""
    if not total:
        return None
    z, share = NormalDist().inv_cdf((1 + CONFIDENCE) / 2), hits / total
    spread = 1 + z * z / total
    centre = (share + z * z / (2 * total)) / spread
    half = z / spread * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def slowdown(arm: Times, control: Times) -> Interval | None:
    """Return how many times `control`'s (geometric mean) time `arm`'s is; None of fewer than two each."""
    if arm.count < 2 or control.count < 2:
        return None
    ours, theirs = arm.variance / arm.count, control.variance / control.count
    error, middle = math.sqrt(ours + theirs), arm.mean - control.mean
    if error == 0:
        return Interval(math.exp(middle), math.exp(middle), math.exp(middle))
    freedom = (ours + theirs) ** 2 / (ours**2 / (arm.count - 1) + theirs**2 / (control.count - 1))
    half = student((1 + CONFIDENCE) / 2, freedom) * error
    return Interval(math.exp(middle), math.exp(middle - half), math.exp(middle + half))


def student(share: float, freedom: float) -> float:
    """Return a quantile of Student's t: Cornish and Fisher's expansion, within 1 % from 3 degrees of freedom on."""
    z = NormalDist().inv_cdf(share)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
