"""Notes what happens, for later: a bounded buffer per process, which a thread writes to PostgreSQL every few seconds.

Noting is an append to a list. What does not fit is dropped and counted; a killed process loses its last seconds.
Figures that rows say anyhow (generations, decisions, documents) are read from those instead.
"""

import logging
import os
import threading
from collections import deque
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from apps.analytics.models import Event
from apps.core.metrics import counter

logger = logging.getLogger(__name__)

Kind = Event.Kind
COPY = "COPY analytics_event (at, kind, subject, code, amount, seconds) FROM STDIN"
LATE = "UPDATE analytics_rolledhour SET is_stale = true WHERE hour = ANY(%s)"
DROPPED = counter("analytics_events_dropped", "Events that were not kept, because too many waited.")


class Noted(NamedTuple):
    """One row: see Event. `at`: seconds since the epoch."""

    at: float
    kind: str
    subject: str = ""
    code: str = ""
    amount: int = 1
    seconds: float | None = None


class Recorder:
    """The events of one process. `note` may be called from any thread and never waits."""

    def __init__(self) -> None:
        self._waiting: deque[Noted] = deque()
        self._dropped = 0
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0

    def note(self, event: Noted) -> None:
        if len(self._waiting) >= settings.ANALYTICS_EVENTS_MAX:
            self._dropped += 1
            return
        self._waiting.append(event)
        if self._thread is None or self._process != os.getpid():  # a forked process has no thread of its parent's
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or self._process != os.getpid():
                self._process = os.getpid()
                self._thread = threading.Thread(target=self._run, name="analytics", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(settings.ANALYTICS_FLUSH_SECONDS):
            if self._waiting or self._dropped:
                try:
                    self.flush()
                except Exception:  # without its thread, a process would keep no event any more
                    logger.exception("analytics.flush_failed")
                finally:
                    connection.close()

    def flush(self) -> int:
        """Write down what waits, in one statement, and return how many events that were. Never raises."""
        with self._writing:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            dropped, self._dropped = self._dropped, 0
            if dropped:
                DROPPED.inc(dropped)
                batch.append(Noted(datetime.now(UTC).timestamp(), Kind.DROPPED.value, amount=dropped))
            if not batch:
                return 0
            try:
                write(batch)
            except (DatabaseError, OSError):
                logger.warning("analytics.not_written", extra={"events": len(batch)})
                self._take_back(batch)
                return 0
            return len(batch)

    def _take_back(self, batch: list[Noted]) -> None:
        """Keep for the next time what there is room for, oldest first."""
        room = max(0, settings.ANALYTICS_EVENTS_MAX - len(self._waiting))
        self._waiting.extendleft(reversed(batch[:room]))
        self._dropped += len(batch) - min(len(batch), room)


def write(batch: list[Noted]) -> None:
    """Append events. Hours that are over have to be rolled up again. Raises django.db.Error."""
    this_hour = hour_of(datetime.now(UTC))
    moments = [datetime.fromtimestamp(event.at, UTC) for event in batch]
    late = {hour for moment in moments if (hour := hour_of(moment)) < this_hour}
    with transaction.atomic(), connection.cursor() as cursor:
        with connection.wrap_database_errors, cursor.copy(COPY) as copy:
            for moment, event in zip(moments, batch, strict=True):
                copy.write_row((moment, *event[1:]))
        if late:
            cursor.execute(LATE, [sorted(late)])


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


recorder = Recorder()
