"""Reading the mail that a test's pages sent."""

import re
from urllib.parse import urlsplit, urlunsplit

from django.core.mail import EmailMessage

Outbox = list[EmailMessage]


def link_in(message: EmailMessage) -> str:
    """Return path and query of the first link in `message`."""
    found = re.search(r"https?://\S+", str(message.body))
    assert found, f"no link in {message.body!r}"
    return urlunsplit(("", "", *urlsplit(found.group())[2:]))
