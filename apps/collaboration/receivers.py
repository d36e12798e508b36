"""What collaboration does when something happened to a document."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver

from apps.collaboration.content.services import merge_markdown
from apps.collaboration.services import set_title
from apps.core.control import broadcast
from apps.documents.signals import access_changed, text_given, title_set


@receiver(access_changed, dispatch_uid="collaboration.access_changed")
def on_access_changed(document_id: UUID | None, user_id: UUID | None, **_: Any) -> None:
    """Have every process look again at the open sockets this concerns."""
    broadcast("access_changed", document_id=str(document_id or ""), user_id=str(user_id or ""))


@receiver(title_set, dispatch_uid="collaboration.title_set")
def on_title_set(document_id: UUID, title: str, user_id: UUID | None, **_: Any) -> None:
    set_title(document_id, title, user_id=user_id)


@receiver(text_given, dispatch_uid="collaboration.text_given")
def on_text_given(document_id: UUID, markdown: str, user_id: UUID, **_: Any) -> None:
    merge_markdown(document_id, markdown, user_id=user_id)
