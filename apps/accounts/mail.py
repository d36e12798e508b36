"""Mail leaves through the worker: a page neither waits for a mail server nor fails with it."""

import logging
from collections.abc import Sequence
from email.utils import make_msgid
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from kombu.exceptions import OperationalError

from apps.accounts.tasks import send_mail

logger = logging.getLogger(__name__)


class QueuedMail(BaseEmailBackend):
    """Hands each message to Celery. Attachments are not supported: nothing here sends any."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            fields = as_fields(message)
            try:
                send_mail.delay(fields)
            except OperationalError:  # no Redis, no queue
                self._send_now(fields)
        return len(email_messages)

    @staticmethod
    def _send_now(fields: dict[str, Any]) -> None:
        try:
            send_mail(fields)
        except (SMTPException, OSError):
            logger.exception("mail.not_sent")


def as_fields(message: EmailMessage) -> dict[str, Any]:
    """Return what `EmailMultiAlternatives(**fields)` rebuilds `message` from. Retries keep the Message-ID."""
    if message.attachments:
        raise ValueError("queued mail has no attachments")
    alternatives = message.alternatives if isinstance(message, EmailMultiAlternatives) else []
    return {
        "subject": str(message.subject),
        "body": str(message.body),
        "from_email": message.from_email,
        "to": list(message.to),
        "cc": list(message.cc),
        "bcc": list(message.bcc),
        "reply_to": list(message.reply_to),
        "headers": {"Message-ID": make_msgid(domain="interline"), **message.extra_headers},
        "alternatives": [[str(content), str(kind)] for content, kind in alternatives],
    }
