"""Conversations about a document: who sees them, what people do with them, where a question goes."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.models import OPEN_STATES, Conversation, Generation, Turn, Visibility
from apps.core.control import broadcast
from apps.core.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from apps.documents.access import access_document
from apps.documents.models import Role

logger = logging.getLogger(__name__)

TITLE_MAX_CHARACTERS = 120
TITLE_FROM_QUESTION_CHARACTERS = 60
NONE = "There is no such conversation."


@dataclass(frozen=True)
class TurnPage:
    """Turns, oldest first; `more`: there are older ones."""

    turns: list[Turn]
    more: bool


def _visible_to(user: User, document_id: UUID) -> QuerySet[Conversation]:
    shared_or_own = Q(visibility=Visibility.SHARED) | Q(user=user)
    return Conversation.objects.filter(shared_or_own, document_id=document_id, deleted_at=None)


def list_conversations(user: User, document_id: UUID, *, page: int, page_size: int) -> Page[Conversation]:
    """Return one page of the conversations that `user` may see, last asked in first. Raises NotFound."""
    access_document(user, document_id)
    listed = _visible_to(user, document_id).select_related("user").order_by("-asked_at", "-created_at")
    return Paginator(listed, page_size).get_page(page)


def find_conversation(user: User, document_id: UUID, conversation_id: UUID) -> Conversation:
    """Return a conversation that `user` may see. Raises NotFound."""
    access_document(user, document_id)
    found = _visible_to(user, document_id).select_related("user").filter(pk=conversation_id).first()
    if found is None:
        raise NotFound(NONE)
    return found


def list_turns(conversation: Conversation, *, before: UUID | None, page_size: int) -> TurnPage:
    """Return the last turns, or those before the answer `before`. Raises NotFound."""
    turns = conversation.turns.select_related("generation__user", "parent").order_by("-pk")
    if before is not None:
        turns = turns.filter(pk__lt=_turn(conversation, before).pk)
    found = list(turns[: page_size + 1])
    return TurnPage(turns=found[:page_size][::-1], more=len(found) > page_size)


def find_turn(conversation: Conversation, generation_id: UUID) -> Turn:
    """Return the turn with this answer. Raises NotFound."""
    return _turn(conversation, generation_id)


def _turn(conversation: Conversation, generation_id: UUID) -> Turn:
    found = conversation.turns.select_related("generation__user", "parent").filter(generation_id=generation_id).first()
    if found is None:
        raise NotFound("There is no such message in this conversation.")
    return found


# ---------------------------------------------------------------- what people do with conversations


def create_conversation(user: User, document_id: UUID, *, title: str = "", visibility: str) -> Conversation:
    """Begin a conversation. Raises NotFound, Forbidden, Conflict when the person has too many here."""
    access_document(user, document_id, role=Role.EDITOR)
    own = Conversation.objects.filter(document_id=document_id, user=user, deleted_at=None)
    if own.count() >= settings.ASSISTANT_CONVERSATIONS_PER_PERSON:
        raise Conflict("You have too many conversations here. Delete one you do not need first.")
    made = Conversation.objects.create(
        document_id=document_id, user=user, title=one_line(title, TITLE_MAX_CHARACTERS), visibility=visibility
    )
    logger.info("conversation.created", extra={"conversation": str(made.pk), "document": str(document_id)})
    _tell(made)
    return made


def change_conversation(
    user: User, document_id: UUID, conversation_id: UUID, *, title: str | None = None, visibility: str | None = None
) -> Conversation:
    """Rename, share or take back. Raises NotFound, Forbidden, Conflict while an answer is being written.

    Who began it may do all of it; the document's owner may rename what is shared.
    """
    with transaction.atomic():
        conversation = _locked(user, document_id, conversation_id)
        was_shared = not conversation.is_private
        if title is not None:
            conversation.title = one_line(title, TITLE_MAX_CHARACTERS)
        if visibility is not None and visibility != conversation.visibility:
            if conversation.user_id != user.pk:
                raise Forbidden("Only who began this conversation may share it or take it back.")
            if Turn.objects.filter(conversation=conversation, generation__state__in=OPEN_STATES).exists():
                raise Conflict("An answer is being written. Wait for its end, or stop it first.")
            conversation.visibility = visibility
            _answers(conversation).update(visibility=visibility)
        conversation.save(update_fields=["title", "visibility"])
        transaction.on_commit(lambda: _tell(conversation, everybody=was_shared))
    return conversation


def delete_conversation(user: User, document_id: UUID, conversation_id: UUID) -> None:
    """Hide a conversation; for a while it can be restored. Raises as `change_conversation`."""
    with transaction.atomic():
        conversation = _locked(user, document_id, conversation_id)
        if Turn.objects.filter(conversation=conversation, generation__state__in=OPEN_STATES).exists():
            raise Conflict("An answer is being written. Wait for its end, or stop it first.")
        conversation.deleted_at = timezone.now()
        conversation.save(update_fields=["deleted_at"])
        _answers(conversation).update(visibility=Visibility.PRIVATE)
        transaction.on_commit(lambda: _tell(conversation))
    logger.info("conversation.deleted", extra={"conversation": str(conversation_id)})


def restore_conversation(user: User, document_id: UUID, conversation_id: UUID) -> Conversation:
    """Bring back a deleted conversation. Raises NotFound, also when it was erased meanwhile."""
    with transaction.atomic():
        conversation = _locked(user, document_id, conversation_id, deleted=True)
        conversation.deleted_at = None
        conversation.save(update_fields=["deleted_at"])
        _answers(conversation).update(visibility=conversation.visibility)
        transaction.on_commit(lambda: _tell(conversation))
    return conversation


def erase_deleted() -> int:
    """Erase conversations that were deleted long enough ago; return how many.

    Their generations stay, without a word of what was asked and answered: their tokens are accounted for, and text that
    was taken over from them keeps its record.
    """
    old = timezone.now() - timedelta(seconds=settings.ASSISTANT_CONVERSATION_TRASH_SECONDS)
    erased = 0
    for conversation in Conversation.objects.filter(deleted_at__lt=old)[
        : settings.ASSISTANT_CONVERSATIONS_ERASED_AT_ONCE
    ]:
        with transaction.atomic():
            summaries = Turn.objects.filter(conversation=conversation).exclude(summary=None).values("summary_id")
            gone = Generation.objects.filter(Q(turn__conversation=conversation) | Q(pk__in=summaries))
            gone.update(input={}, text=None, lengths=[])
            conversation.delete()
        erased += 1
    return erased


def _locked(user: User, document_id: UUID, conversation_id: UUID, *, deleted: bool = False) -> Conversation:
    """Return a conversation that `user` may change, its row locked. Raises NotFound, Forbidden."""
    access = access_document(user, document_id)
    found = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=conversation_id, document_id=document_id, deleted_at__isnull=not deleted)
        .first()
    )
    if found is None or (found.is_private and found.user_id != user.pk):
        raise NotFound(NONE)
    if found.user_id != user.pk and access.role != Role.OWNER:
        raise Forbidden("Only who began this conversation, or the document's owner, may change it.")
    return found


def _answers(conversation: Conversation) -> QuerySet[Generation]:
    return Generation.objects.filter(turn__conversation=conversation)


# ---------------------------------------------------------------- a question's place


@dataclass(frozen=True)
class Place:
    """Where a question goes: the conversation, its row locked, and the turn it follows."""

    conversation: Conversation
    parent: Turn | None


def find_place(
    user: User, document_id: UUID, conversation_id: UUID, *, after: UUID | None, replaces: UUID | None
) -> Place:
    """Return where a question goes: after an answer, in another one's place, or else after the latest.

    Call it in the transaction that saves the turn. Raises NotFound, Invalid, TooLarge.
    """
    conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .filter(Q(visibility=Visibility.SHARED) | Q(user=user))
        .filter(pk=conversation_id, document_id=document_id, deleted_at=None)
        .first()
    )
    if conversation is None:
        raise NotFound(NONE)
    if conversation.turns.count() >= settings.ASSISTANT_TURNS_PER_CONVERSATION:
        raise TooLarge("This conversation is full. Begin a new one.")
    if replaces is not None:
        parent = _turn(conversation, replaces).parent
    elif after is not None:
        parent = _turn(conversation, after)
    else:
        parent = conversation.turns.select_related("generation").order_by("-pk").first()
    if parent is not None and not parent.generation.is_ended:
        raise Invalid("The answer before is still being written. Wait for its end, or stop it first.")
    return Place(conversation, parent)


def take_place(place: Place, generation: Generation, *, question: str) -> Turn:
    """Save the turn of `generation`. Everybody who may see the conversation is told on commit."""
    turn = Turn.objects.create(conversation=place.conversation, generation=generation, parent=place.parent)
    place.conversation.asked_at = timezone.now()
    place.conversation.title = place.conversation.title or one_line(question, TITLE_FROM_QUESTION_CHARACTERS)
    place.conversation.save(update_fields=["asked_at", "title"])
    transaction.on_commit(lambda: _tell(place.conversation))
    return turn


def one_line(text: str, limit: int) -> str:
    """Return the beginning of `text` on one line, cut at a word where it is too long."""
    line = " ".join(text.replace("\0", "").split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > limit // 2 else cut).rstrip() + "…"


def _tell(conversation: Conversation, *, everybody: bool = False) -> None:
    """Tell every web process that a conversation changed, so that open pages look again."""
    broadcast(
        "conversation_changed",
        document_id=str(conversation.document_id),
        conversation_id=str(conversation.pk),
        user_id="" if everybody or not conversation.is_private else str(conversation.user_id),
    )
