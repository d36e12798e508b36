"""The spans of what one socket asked for: from the frame of a request to the last event of its answer."""

from uuid import UUID

from apps.assistant.messages.client import Generate
from apps.core.ids import request_id
from apps.core.tracing import NOTHING, Span, begin, is_tracing

TRACES_MAX = 100  # of answers that one socket waits for


class Traces:
    """The spans that have not ended. Where nothing is traced, there are none."""

    def __init__(self) -> None:
        self._open: dict[UUID, Span] = {}

    def begin(self, message: Generate, document_id: UUID) -> Span:
        """Return the span of this request; one that does nothing where there is another, or too many."""
        if not is_tracing() or message.id in self._open or len(self._open) >= TRACES_MAX:
            return NOTHING
        span = self._open[message.id] = begin(
            "assistant.generate",
            kind="server",
            parent=message.traceparent or "",
            generation=str(message.id),
            document=str(document_id),
            action=message.action,
            request_id=request_id.get(),
        )
        return span

    def has(self, generation_id: UUID, span: Span) -> bool:
        return self._open.get(generation_id) is span

    def end(self, generation_id: UUID, code: str = "") -> None:
        """End the span of a generation, if it has one; `code`: of what went wrong."""
        if (span := self._open.pop(generation_id, None)) is not None:
            if code:
                span.failed(code)
            else:
                span.event("last event sent")
            span.end()

    def end_all(self, code: str) -> None:
        for generation_id in list(self._open):
            self.end(generation_id, code)
