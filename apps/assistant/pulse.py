"""A generator's sign of life: a key in Redis that is gone ASSISTANT_LEASE_SECONDS after the process is.

A thread renews it, because a busy event loop may not come to it in time; but only while the loop still turns.
"""

import logging
import threading
import time

from django.conf import settings

from apps.assistant.jobs import heartbeat_key
from apps.core.redis import sync_redis

logger = logging.getLogger(__name__)


class Pulse:
    """Beats from `start` until `stop`. `loop_turned` is to be called from the event loop all the time."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._turned_at = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Say that this process is gone."""
        self._stopped.set()
        self._thread.join()
        try:
            sync_redis().delete(heartbeat_key(self._worker))
        except Exception:
            logger.warning("generator.heartbeat_failed")

    def loop_turned(self) -> None:
        self._turned_at = time.monotonic()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if time.monotonic() - self._turned_at < settings.ASSISTANT_WEDGED_SECONDS:
                self._beat()
            self._stopped.wait(settings.ASSISTANT_HEARTBEAT_SECONDS)

    def _beat(self) -> None:
        lifetime = int(settings.ASSISTANT_LEASE_SECONDS * 1000)
        try:
            sync_redis().set(heartbeat_key(self._worker), int(time.time()), px=lifetime)
        except Exception:
            logger.warning("generator.heartbeat_failed")
