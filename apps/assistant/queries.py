"""What people may read of generations."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.errors import Withdrawn
from apps.assistant.models import CHAT, RECAP, Decision, Generation, State, Visibility
from apps.core.errors import NotFound
from apps.documents.access import access_document

NONE = "There is no such generation."
WITHDRAWN = "A reviewer removed this answer."


def undecided_generations(document_id: UUID) -> list[Generation]:
    """Return the latest shared generations of a document that ended well and wait for a decision, oldest first.

    Answers in conversations wait for none.
    """
    since = timezone.now() - timedelta(seconds=settings.ASSISTANT_UNDECIDED_SECONDS)
    recent = Generation.objects.filter(
        document_id=document_id, created_at__gte=since, state=State.DONE, withdrawn_at=None
    )
    shared = recent.filter(visibility=Visibility.SHARED).exclude(action__in=(CHAT, RECAP))
    whole = Decision.objects.filter(generation=OuterRef("pk"), edit_id="")
    waiting = shared.exclude(Exists(whole)).select_related("user").defer("input", "text", "events")
    return list(waiting.order_by("-created_at")[: settings.ASSISTANT_UNDECIDED_MAX])[::-1]


def refuse_withdrawn(generation: Generation) -> None:
    """Raises Withdrawn."""
    if generation.withdrawn_at is not None:
        raise Withdrawn(WITHDRAWN)


def list_generations(user: User, document_id: UUID, *, action: str = "", page: int, page_size: int) -> Page[Generation]:
    """Return one page of a document's generations that `user` may see, newest first. Raises NotFound.

    `action`: of this kind only.
    """
    access_document(user, document_id)
    visible = Generation.objects.filter(document_id=document_id).filter(Q(visibility="shared") | Q(user=user))
    if action:
        visible = visible.filter(action=action)
    listed = visible.select_related("user").defer("input", "text", "anchor", "events").order_by("-created_at")
    return Paginator(listed, page_size).get_page(page)


def read_generation(user: User, generation_id: UUID) -> Generation:
    """Return a generation of a document that `user` may see. Raises NotFound, in the same words whatever is missing."""
    generation = Generation.objects.select_related("user").filter(pk=generation_id).first()
    if generation is None or not generation.is_visible_to(user.pk):
        raise NotFound(NONE)
    try:
        access_document(user, generation.document_id)
    except NotFound:
        raise NotFound(NONE) from None
    return generation


def find_generation(user: User, document_id: UUID, generation_id: UUID) -> Generation:
    """Return a generation `user` may see. Raises NotFound, and Withdrawn."""
    generation = (
        Generation.objects.select_related("user", "turn").filter(pk=generation_id, document_id=document_id).first()
    )
    if generation is None or not generation.is_visible_to(user.pk):
        raise NotFound("There is no such generation.")
    refuse_withdrawn(generation)
    return generation
