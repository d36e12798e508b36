"""Which of our processes are alive: each renews a key in Redis that is gone soon after it is."""

import logging
import os
import secrets
import socket
import threading
from typing import Literal, get_args

from django.conf import settings

from apps.core.redis import key, sync_redis

logger = logging.getLogger(__name__)

Kind = Literal["web", "generator", "worker", "beat"]
PROCESS_KINDS: tuple[Kind, ...] = get_args(Kind)


def beat_once(kind: Kind, name: str) -> None:
    """Say that process `name` lives. Never raises: a process goes on without Redis."""
    try:
        sync_redis().set(key("heartbeat", kind, name), "1", ex=settings.HEARTBEAT_LIFETIME_SECONDS)
    except Exception:
        logger.warning("heartbeat.failed", extra={"kind": kind})


def forget(kind: Kind, name: str) -> None:
    """Say that process `name` is gone. Never raises: without Redis that is seen a little later."""
    try:
        sync_redis().delete(key("heartbeat", kind, name))
    except Exception:
        logger.warning("heartbeat.failed", extra={"kind": kind})


def alive(kind: Kind) -> int:
    """Return how many processes of `kind` were heard of lately. Raises redis.RedisError."""
    return sum(1 for _ in sync_redis().scan_iter(match=key("heartbeat", kind, "*"), count=settings.READY_SCAN_KEYS))


class Heart:
    """Beats in a thread of its own until stopped."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._name = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            beat_once(self._kind, self._name)
            self._stopped.wait(settings.HEARTBEAT_LIFETIME_SECONDS / 3)

    def stop(self) -> None:
        """Say that this process is gone."""
        self._stopped.set()
        forget(self._kind, self._name)
