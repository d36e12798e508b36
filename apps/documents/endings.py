"""Access that ends by the clock: when a share link expires, whatever is open by it is looked at again at once.

A process sets an alarm for what its sockets were let in by. Every socket is looked at again from time to time, so only
what ends before the next time is watched.
"""

import asyncio
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.utils import timezone

from apps.core.control import control
from apps.documents.access import Access

LATE_SECONDS = 0.5  # after the end: the database has the last word, and a clock of its own
AHEAD_ROUNDS = 3  # of looking at every socket

Whose = tuple[UUID, UUID]  # document, person

_alarms: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Whose, asyncio.TimerHandle]]" = WeakKeyDictionary()


def watch_end(access: Access, user_id: UUID) -> None:
    """Have the sockets of `user_id` in the document looked at again when `access` ends, if that is soon."""
    if access.until is None:
        return
    seconds = max(0.0, (access.until - timezone.now()).total_seconds()) + LATE_SECONDS
    if seconds > AHEAD_ROUNDS * max(settings.SYNC_RECHECK_SECONDS, settings.ASSISTANT_RECHECK_SECONDS):
        return
    loop = asyncio.get_running_loop()
    alarms, whose = _alarms.setdefault(loop, {}), (access.document.pk, user_id)
    if earlier := alarms.pop(whose, None):
        earlier.cancel()
    alarms[whose] = loop.call_later(seconds, partial(_ring, alarms, whose))


def _ring(alarms: dict[Whose, asyncio.TimerHandle], whose: Whose) -> None:
    del alarms[whose]
    document_id, user_id = whose
    control().tell_here("access_changed", document_id=str(document_id), user_id=str(user_id))
