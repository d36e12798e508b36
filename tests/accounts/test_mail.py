"""Mail leaves through the worker."""

from collections.abc import Iterator

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from project.celery import app
from tests.mail import Outbox


@pytest.fixture
def _worker_at_once(settings: Settings) -> Iterator[None]:
    """Run tasks where they are queued, and deliver into the test's outbox."""
    settings.MAIL_DELIVERY_BACKEND = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "apps.accounts.mail.QueuedMail"
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.mark.usefixtures("_worker_at_once")
def test_a_message_arrives_whole(mailoutbox: Outbox) -> None:
    message = EmailMultiAlternatives("Grüße", "Plain", "a@example.com", ["b@example.com"], reply_to=["c@example.com"])
    message.attach_alternative("<p>Rich</p>", "text/html")
    assert message.send() == 1
    (arrived,) = mailoutbox
    assert (arrived.subject, arrived.body, arrived.to, arrived.reply_to) == (
        "Grüße",
        "Plain",
        ["b@example.com"],
        ["c@example.com"],
    )
    assert isinstance(arrived, EmailMultiAlternatives)
    assert arrived.alternatives[0][0] == "<p>Rich</p>"


@pytest.mark.usefixtures("_worker_at_once")
def test_it_refuses_what_it_would_lose(mailoutbox: Outbox) -> None:
    message = EmailMultiAlternatives("Subject", "Body", "a@example.com", ["b@example.com"])
    message.attach("notes.txt", "notes")
    with pytest.raises(ValueError, match="attachments"):
        message.send()
    assert mailoutbox == []
