"""What is counted of quotas. `holder`: person or team."""

from apps.core.metrics import counter

EXHAUSTED = counter("quota_exhausted", "Requests for which there were no tokens left.", "holder")
