"""Traces of HTTP requests and of background tasks."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from celery import signals
from django.http import HttpRequest, HttpResponse

from apps.core.ids import request_id
from apps.core.tracing import TRACEPARENT, Span, here, is_tracing, span, start_tracing, stop_tracing

GetResponse = Callable[[HttpRequest], HttpResponse]

_tasks: dict[str, AbstractContextManager[Span]] = {}


def tracing_middleware(get_response: GetResponse) -> GetResponse:
    """Put each request into a span, of the trace its `traceparent` header names."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_tracing():
            return get_response(request)
        parent = request.headers.get(TRACEPARENT, "")
        with span("http.request", kind="server", parent=parent, request_id=request_id.get()) as current:
            response = get_response(request)
            match = request.resolver_match
            current.note(method=request.method or "", route=match.route if match else "", status=response.status_code)
            return response

    return middleware


@signals.before_task_publish.connect
def send_traceparent(headers: dict[str, Any], **_: Any) -> None:
    if traceparent := here().traceparent:
        headers[TRACEPARENT] = traceparent


@signals.task_prerun.connect
def enter_task(task_id: str, task: Any, **_: Any) -> None:
    if is_tracing():
        parent = getattr(task.request, TRACEPARENT, None) or ""
        _tasks[task_id] = span("task", kind="consumer", parent=parent, task=task.name)
        _tasks[task_id].__enter__()


@signals.task_postrun.connect
def leave_task(task_id: str, state: str | None = None, **_: Any) -> None:
    if (entered := _tasks.pop(task_id, None)) is not None:
        here().note(state=state or "")
        entered.__exit__(None, None, None)


@signals.worker_process_init.connect
def start_in_pool(**_: Any) -> None:
    start_tracing("worker")


@signals.worker_process_shutdown.connect
def stop_in_pool(**_: Any) -> None:
    stop_tracing()
