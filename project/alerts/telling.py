"""How somebody hears of an alert: by mail, and by a webhook that gets what Alertmanager would send it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.mail import send_mail

from apps.accounts.models import User
from apps.core.outgoing import Failed, Refused, post_json

NO_END = "0001-01-01T00:00:00Z"  # Alertmanager's word for an alert that goes on


class Undelivered(Exception):
    """The channel could not be reached; the message says why, without addresses."""


@dataclass(frozen=True)
class Alert:
    """`status`: firing or resolved. Times in seconds since the epoch; `ended_at` is 0 while it goes on."""

    name: str
    severity: str
    subject: str
    status: str
    words: str
    began_at: float
    ended_at: float

    @property
    def title(self) -> str:
        return f"{self.name} ({self.subject})" if self.subject else self.name


def mail(alert: Alert) -> None:
    """Queue one message to everybody who is to know."""
    recipients = settings.ALERT_EMAILS or _superusers()
    if not recipients:
        return
    is_over = alert.status == "resolved"
    subject = f"[Interline] {'Over' if is_over else alert.severity.capitalize()}: {alert.title}"
    times = f"It began at {_words(alert.began_at)}" + (
        f" and was over at {_words(alert.ended_at)}." if is_over else "."
    )
    body = f"{alert.words}\n\n{times}\nWhat to do: docs/observability.md, {alert.name}.\n"
    send_mail(subject, body, None, recipients)


def _superusers() -> list[str]:
    if not settings.EMAIL_URL:
        return []
    return list(User.objects.filter(is_superuser=True, is_active=True).values_list("email", flat=True))


def webhook(alert: Alert) -> None:
    """Post to ALERT_WEBHOOK_URL. Raises Undelivered."""
    if not settings.ALERT_WEBHOOK_URL:
        return
    token = settings.ALERT_WEBHOOK_TOKEN
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = post_json(settings.ALERT_WEBHOOK_URL, payload(alert), headers=headers)
    except (Refused, Failed) as failure:
        raise Undelivered(str(failure)) from None
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise Undelivered(f"status {answer.status}")


def payload(alert: Alert) -> dict[str, Any]:
    """Return `alert` in Alertmanager's webhook format, version 4."""
    labels = {"alertname": alert.name, "severity": alert.severity, "service": "interline"}
    if alert.subject:
        labels["subject"] = alert.subject
    annotations = {"summary": alert.title, "description": alert.words}
    one = {
        "status": alert.status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": _iso(alert.began_at),
        "endsAt": _iso(alert.ended_at) if alert.ended_at else NO_END,
        "generatorURL": "",
        "fingerprint": f"{alert.name}:{alert.subject}",
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{alert.name}"}}',
        "truncatedAlerts": 0,
        "status": alert.status,
        "receiver": "interline",
        "groupLabels": {"alertname": alert.name},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [one],
    }


def _words(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


CHANNELS: dict[str, Callable[[Alert], None]] = {"mail": mail, "webhook": webhook}
