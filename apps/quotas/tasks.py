"""The nightly proof that counters equal the ledger."""

import logging

from celery import shared_task

from apps.quotas.checks import find_differences

logger = logging.getLogger(__name__)


@shared_task
def check_ledger() -> int:
    """Log every counter that differs from its rows; return how many do. Nothing is mended: somebody has to look."""
    differences = find_differences()
    for found in differences:
        logger.error(
            "quota.counter_differs",
            extra={
                found.kind: str(found.holder_id),
                "day": str(found.day),
                "is_smaller": found.is_smaller,
                "used": found.used,
                "entered": found.entered,
                "reserved": found.reserved,
                "held": found.held,
            },
        )
    logger.info("quota.ledger_checked", extra={"differences": len(differences)})
    return len(differences)
