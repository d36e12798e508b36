"""Rolling summaries of long conversations. A recap is a generation like any other: its tokens are accounted for."""

import logging

from django.conf import settings
from django.db import transaction

from apps.assistant.chat import exchange_of, thread, tokens_of
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import OPEN_STATES, RECAP, Conversation, Generation, State, Turn
from apps.assistant.services import start_own
from apps.core.errors import Forbidden, NotFound
from apps.quotas.errors import QuotaExceeded
from apps.quotas.services import lock_person

logger = logging.getLogger(__name__)

KEPT_EXCHANGES = 2  # the latest stay word for word
DUE_SHARE = 0.7  # of the budget for earlier messages


def recap_if_due(answer: Generation) -> None:
    """Have the thread before `answer` summed up where it soon will not fit any more. For who got the answer."""
    try:
        _recap_if_due(answer)
    except (QuotaExceeded, Forbidden, NotFound):
        logger.info("conversation.no_recap", extra={"generation": str(answer.pk)})  # the next answer tries again


def _recap_if_due(answer: Generation) -> None:
    with transaction.atomic():
        lock_person(answer.user_id)  # before the conversation's, as everybody takes them
        turn = Turn.objects.filter(generation=answer).first()
        if turn is None or not Conversation.objects.select_for_update().filter(pk=turn.conversation_id).exists():
            return
        due = _due(turn)
        if due is None:
            return
        request = GenerationInput(conversation=due.conversation_id, after=due.generation_id)
        due.summary = start_own(answer.user, answer.document_id, RECAP, request)
        due.save(update_fields=["summary"])
    logger.info("conversation.recap", extra={"conversation": str(due.conversation_id)})


def _due(turn: Turn) -> Turn | None:
    """Return the turn up to which the thread is to be summed up; None when that is not needed, or under way."""
    tokens = tokens_of(exchange_of(turn))
    place = None
    for number, earlier in enumerate(thread(turn), start=2):
        if earlier.summary is not None and earlier.summary.state in (State.DONE, *OPEN_STATES):
            if earlier.summary.state != State.DONE:
                return None
            break
        if number > KEPT_EXCHANGES and place is None:
            place = earlier
        tokens += tokens_of(exchange_of(earlier))
    return place if tokens > settings.ASSISTANT_CHAT_HISTORY_TOKENS * DUE_SHARE else None
