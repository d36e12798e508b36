"""Background work of moderation and of the audit trail."""

import logging

from celery import shared_task

from apps.moderation import audit, retention

logger = logging.getLogger(__name__)


@shared_task
def anchor_audit() -> None:
    """Witness the end of the chain, in the database and in the log."""
    audit.anchor()


@shared_task
def erase_audit_addresses() -> int:
    """Blank network addresses that were kept long enough."""
    erased = audit.erase_addresses()
    logger.info("audit.addresses_erased", extra={"records": erased})
    return erased


@shared_task
def let_findings_go() -> int:
    """Forget the text of what was found and decided about long ago."""
    forgotten = retention.forget_old()
    if forgotten:
        logger.info("moderation.forgotten", extra={"rows": forgotten})
    return forgotten
