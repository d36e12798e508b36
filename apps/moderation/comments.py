"""What people say to each other in comments is looked at as what they ask the assistant, before it is stored."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import receiver

from apps.documents.signals import Screened, comment_writing
from apps.moderation.errors import BlockedInput, HeldInput
from apps.moderation.lookouts import input_lookout
from apps.moderation.rules import rules
from apps.moderation.screening import Asked, screen
from apps.moderation.strictness import is_strict
from apps.moderation.verdicts import Place, fingerprint, record
from apps.quotas.allowances import allowance_of

RUN_CHARACTERS = 16  # of a text's fingerprint: tells versions of a comment apart


@receiver(comment_writing, dispatch_uid="moderation.comment_writing")
def _on_comment_writing(document_id: UUID, author_id: UUID, comment_id: UUID, text: str, **_: Any) -> Screened:
    """Raises BlockedInput. What a rule would hold is held: others see it when a reviewer has."""
    place = Place("comment", comment_id, document_id, author_id, "input")
    write_down = partial(record, place, run=fingerprint(text)[:RUN_CHARACTERS])
    tier = allowance_of(author_id).tier
    looked_for = input_lookout(rules.get(), tier=tier)
    # It is said to people: what it tells the assistant to do is only noted, as in any text.
    asked = Asked(orders=(), read=(text,))
    try:
        found = screen(asked, looked_for, strict=is_strict(document_id, tier))
    except HeldInput as held:
        return Screened(holds=True, write_down=partial(write_down, held.findings))
    except BlockedInput as refusal:
        with transaction.atomic():
            write_down(refusal.findings)
        raise
    return Screened(holds=False, write_down=partial(write_down, found))
