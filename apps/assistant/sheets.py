"""A story's sheet as it stands: beginning it, and reading its entries."""

from uuid import UUID

from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.models import SheetEntry, StorySheet


def use_sheet(user: User, document_id: UUID) -> None:
    """Begin the document's sheet where there is none. From now on it follows the text for a while, for `user`."""
    StorySheet.objects.update_or_create(document_id=document_id, defaults={"user": user, "used_at": timezone.now()})


def entries_of(document_id: UUID) -> list[SheetEntry]:
    """Return what the document's sheet has, without what people took out."""
    return list(SheetEntry.objects.filter(sheet_id=document_id, removed=False).order_by("kind", "pk"))
