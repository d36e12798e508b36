"""Traces from a frame or request to the last token, by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set.

Elsewhere nothing is imported, and a span costs one comparison. Attributes are ids, names of ours, sizes and codes;
never text. Between processes a trace travels as a W3C `traceparent`.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from django.conf import settings

logger = logging.getLogger(__name__)

TRACEPARENT = "traceparent"
FLUSH_MS = 1_500  # for what is not sent yet when a process ends

Kind = Literal["internal", "server", "client", "producer", "consumer"]

_tracer: Any = None
_provider: Any = None


class Span:
    """One step of a trace. This one is of no trace: everything about it costs nothing."""

    traceparent = ""

    def event(self, name: str) -> None: ...

    def note(self, **attributes: str | int | float | bool) -> None: ...

    def failed(self, code: str) -> None: ...

    def end(self) -> None: ...

    @contextmanager
    def current(self) -> Iterator[None]:
        """Make it the parent of what begins inside."""
        yield


NOTHING = Span()


class _Recorded(Span):
    def __init__(self, span: Any) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:  # type: ignore[override]  # a plain attribute of the one that is none
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def event(self, name: str) -> None:
        self._span.add_event(name)

    def note(self, **attributes: str | int | float | bool) -> None:
        for name, value in attributes.items():
            self._span.set_attribute(f"interline.{name}", value)

    def failed(self, code: str) -> None:
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415  (only where traces are wanted)

        self._span.set_status(Status(StatusCode.ERROR, code))

    def end(self) -> None:
        self._span.end()

    @contextmanager
    def current(self) -> Iterator[None]:
        from opentelemetry.trace import use_span  # noqa: PLC0415

        with use_span(self._span, record_exception=False, set_status_on_exception=False):
            yield


def start_tracing(kind: str) -> None:
    """Record spans from now on, where the settings say to whom. A forked process has to say so again."""
    global _tracer, _provider
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.name": settings.OTEL_SERVICE_NAME, "interline.process": kind})
    _provider = TracerProvider(resource=resource)  # its sampler is OTEL_TRACES_SAMPLER's
    _provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=int(settings.OTEL_SEND_SECONDS * 1000))
    )
    _tracer = _provider.get_tracer("interline")


def stop_tracing() -> None:
    """Send what is not sent yet, within FLUSH_MS."""
    if _provider is not None:
        try:
            _provider.force_flush(FLUSH_MS)
        except Exception:
            logger.warning("tracing.not_sent")


def is_tracing() -> bool:
    return _tracer is not None


def begin(
    name: str, *, kind: Kind = "internal", parent: str | None = None, **attributes: str | int | float | bool
) -> Span:
    """Begin a span whose end is told by `end()`. `parent`: a traceparent; None: what is current."""
    if _tracer is None:
        return NOTHING
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    named = {f"interline.{attribute}": value for attribute, value in attributes.items()}
    context = _context(parent)
    return _Recorded(_tracer.start_span(name, context=context, kind=SpanKind[kind.upper()], attributes=named))


def _context(traceparent: str | None) -> Any:
    """Return the context `traceparent` names; an empty one begins a trace, as does one that is none."""
    if traceparent is None:
        return None
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    return TraceContextTextMapPropagator().extract({TRACEPARENT: traceparent}, context=Context())


@contextmanager
def span(
    name: str, *, kind: Kind = "internal", parent: str | None = None, **attributes: str | int | float | bool
) -> Iterator[Span]:
    """Be in a span, the parent of what begins inside. What is raised is noted by its type alone."""
    begun = begin(name, kind=kind, parent=parent, **attributes)
    try:
        with begun.current():
            yield begun
    except BaseException as error:
        begun.failed(type(error).__name__)
        raise
    finally:
        begun.end()


def here() -> Span:
    """Return the current span, for who notes something about it."""
    if _tracer is None:
        return NOTHING
    from opentelemetry.trace import get_current_span  # noqa: PLC0415

    current = get_current_span()
    return _Recorded(current) if current.get_span_context().is_valid else NOTHING
