"""What reviewers say to people, by mail: who is kept out reads no page of ours until they sign in again."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import User


def tell_warned(user: User, *, words: str, site: str) -> None:
    _when_committed("warned", user, words=words, link=urljoin(site, reverse("documents")))


def tell_suspended(user: User, *, reason: str, until: datetime | None, site: str) -> None:
    _when_committed("suspended", user, reason=reason, until=until, link=urljoin(site, reverse("suspended")))


def tell_restored(user: User, *, answer: str, site: str) -> None:
    _when_committed("restored", user, answer=answer, link=urljoin(site, reverse("documents")))


def tell_appeal_refused(user: User, *, answer: str, site: str) -> None:
    _when_committed("appeal_refused", user, answer=answer, link=urljoin(site, reverse("suspended")))


def _when_committed(template: str, user: User, **context: Any) -> None:
    """Send it with the decision, not before; a mail server that is away does not undo what was decided."""
    send: Callable[[], None] = partial(_send, template, user.email, context)
    transaction.on_commit(send, robust=True)


def _send(template: str, to: str, context: dict[str, Any]) -> None:
    subject = " ".join(render_to_string(f"moderation/mail/{template}_subject.txt", context).split())
    send_mail(subject, render_to_string(f"moderation/mail/{template}.txt", context), None, [to])
