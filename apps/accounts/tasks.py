"""Background work of accounts."""

from smtplib import SMTPException
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from apps.accounts.idempotency import forget_old_answers


@shared_task(
    autoretry_for=(SMTPException, OSError),
    retry_backoff=10,  # seconds, doubled at each try
    retry_backoff_max=600,
    max_retries=settings.MAIL_MAX_RETRIES,
)
def send_mail(fields: dict[str, Any]) -> None:
    """Send one message (the fields of `EmailMultiAlternatives`) through the real mail server, or print it."""
    alternatives = [tuple(pair) for pair in fields["alternatives"]]
    message = EmailMultiAlternatives(
        **{**fields, "alternatives": alternatives}, connection=get_connection(settings.MAIL_DELIVERY_BACKEND)
    )
    message.send()


@shared_task
def forget_answers() -> int:
    """Delete the answers that were kept for who sends a request again; return how many."""
    return forget_old_answers()
