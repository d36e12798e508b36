"""`/healthz`: the process is up. `/readyz`: what it needs is reachable, part by part.

`/healthz/stream`: three events in a second, by which `manage.py doctor` sees whether a proxy gathers streams.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.redis import sync_redis
from apps.llm.health import read_all
from project.heartbeat import alive
from project.metrics.page import metrics

logger = logging.getLogger(__name__)

Check = Callable[[], None]


class Missing(Exception):
    """A part does not answer; the message is for operators."""


def _postgres() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # this thread's own: it serves one check


def _redis() -> None:
    sync_redis().ping()


def _generator() -> None:
    if not alive("generator"):
        raise Missing("no generator is running")


def _worker() -> None:
    if not alive("worker"):
        raise Missing("no worker is running")


CHECKS: dict[str, Check] = {"postgres": _postgres, "redis": _redis, "generator": _generator, "worker": _worker}

_threads = ThreadPoolExecutor(max_workers=2 * len(CHECKS) + 2, thread_name_prefix="readyz")


STREAM_PATH = "/healthz/stream"
STREAM_EVENTS = 3
STREAM_SECONDS = 0.8  # from the first event to the last

GetResponse = Callable[[HttpRequest], HttpResponse]


def health_middleware(get_response: GetResponse) -> GetResponse:
    """Answer these pages before hosts are checked and sessions looked up: balancers ask by address."""

    def middleware(request: HttpRequest) -> Any:
        view = PAGES.get(request.path)
        return view(request) if view else get_response(request)

    return middleware


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part answers within READY_TIMEOUT_SECONDS, else 503 and which one does not."""
    deadline = time.monotonic() + settings.READY_TIMEOUT_SECONDS
    asked = {name: _threads.submit(check) for name, check in CHECKS.items()}
    models = _threads.submit(_models)
    parts = {name: _outcome(name, future, deadline) for name, future in asked.items()}
    ready = all(part["status"] == "ok" for part in parts.values())
    told = {"status": "ok" if ready else "unavailable", "parts": parts, "models": _known_by(deadline, models)}
    answer = JsonResponse(told, status=200 if ready else 503)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django would log each 503 as an error of ours
    return answer


def _models() -> dict[str, str]:
    """Say how the models did when they were last asked. Nothing is out of service for them: people write on."""
    try:
        known = read_all()
    finally:
        connection.close()  # routes may have been read
    failing = [health.code for health in known.values() if health and health.code]
    if failing:
        return {"status": "failing", "detail": f"{len(failing)} of {len(known)}: {', '.join(sorted(set(failing)))}"}
    return {"status": "unknown" if None in known.values() else "ok"}


def _known_by(deadline: float, models: "Future[dict[str, str]]") -> dict[str, str]:
    try:
        return models.result(timeout=max(0.0, deadline - time.monotonic()))
    except (TimeoutError, DatabaseError, redis.RedisError, OSError):
        return {"status": "unknown"}


def _outcome(name: str, future: Any, deadline: float) -> dict[str, str]:
    """Return the part's state. What went wrong in detail is for the log: this page is public."""
    try:
        future.result(timeout=max(0.0, deadline - time.monotonic()))
    except Missing as missing:
        return {"status": "unavailable", "detail": str(missing)}
    except TimeoutError:
        future.cancel()
        return {"status": "unavailable", "detail": "no answer in time"}
    except Exception as error:
        logger.warning("ready.part_unreachable", extra={"part": name, "error": type(error).__name__})
        return {"status": "unavailable", "detail": "not reachable"}
    return {"status": "ok"}


@never_cache
@require_safe
def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def events() -> AsyncIterator[bytes]:
        for number in range(STREAM_EVENTS):
            if number:
                await asyncio.sleep(STREAM_SECONDS / (STREAM_EVENTS - 1))
            yield b"data: %d\n\n" % number

    return StreamingHttpResponse(events(), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


PAGES: dict[str, Callable[[HttpRequest], Any]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
    STREAM_PATH: stream,
}
