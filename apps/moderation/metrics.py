"""What is counted of moderation's verdicts."""

from collections.abc import Iterable

from apps.core.metrics import counter
from apps.moderation.redaction import Finding

VERDICTS = counter(
    "moderation_verdicts", "What was found in requests and answers, by what was done.", "kind", "verdict"
)


def note_findings(findings: Iterable[Finding]) -> None:
    for finding in findings:
        VERDICTS.labels(finding.kind, finding.action).inc()
