"""One trace from the frame to the last token, over web and generator, as an OTLP collector receives it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope
from tests.assistant.conftest import House
from tests.processes import ROOT, wait_until
from tests.receiver import Receiver, receiving

SECRET = "Zanzibar marmalade"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class Collector:
    """What the collector was sent."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def spans(self) -> list[Span]:
        spans: list[Span] = []
        for one in list(self._receiver.received):
            assert one.path == "/v1/traces"
            sent = ExportTraceServiceRequest.FromString(one.body)
            spans += [span for group in sent.resource_spans for scope in group.scope_spans for span in scope.spans]
        return spans

    def wait_for(self, *names: str) -> dict[str, Span]:
        """Return the spans of these names, when all have come."""

        def come() -> dict[str, Span] | None:
            found = {span.name: span for span in self.spans()}
            return found if set(names) <= found.keys() else None

        found: dict[str, Span] = wait_until(come, seconds=30, what=f"the spans {names}")
        return found

    def bytes(self) -> bytes:
        return b"".join(one.body for one in self._receiver.received)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with receiving() as receiver:
        yield Collector(receiver)


def attributes(span: Span) -> dict[str, str]:
    return {one.key.removeprefix("interline."): one.value.string_value for one in span.attributes}


def test_a_trace_goes_from_the_frame_to_the_last_token(own_house: Callable[..., House], collector: Collector) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector._receiver.url, "OTEL_SEND_SECONDS": "0.2"}
    house = own_house(**environment)
    house.start_generator()
    alice = house.join(house.alice)
    generation = alice.generate(f"{SECRET}. ", traceparent=f"00-{TRACE}-{PARENT}-01")
    assert alice.hear_end(generation)["type"] == "done"
    names = ("assistant.generate", "generation.run", "generation.prepare", "model.request", "generation.store")
    spans = collector.wait_for(*names)

    assert {span.trace_id.hex() for name, span in spans.items() if name in names} == {TRACE}
    asked, run = spans["assistant.generate"], spans["generation.run"]
    assert asked.parent_span_id.hex() == PARENT
    assert run.parent_span_id == asked.span_id
    for name in names[2:]:
        assert spans[name].parent_span_id == run.span_id
    assert [event.name for event in asked.events] == ["first text sent", "last event sent"]
    assert [event.name for event in run.events] == ["first token", "last token"]
    assert asked.start_time_unix_nano <= run.start_time_unix_nano <= run.end_time_unix_nano
    assert asked.events[-1].time_unix_nano >= run.events[0].time_unix_nano
    said = attributes(run)
    assert (said["generation"], said["action"], said["outcome"]) == (generation, "continue", "done")
    assert said["request_id"] == attributes(asked)["request_id"]

    refused = alice.generate(f"{SECRET}. ", options={"model": "openai/unknown"})
    assert alice.hear_end(refused)["type"] == "error"

    def told() -> Span | None:
        return next((one for one in collector.spans() if attributes(one).get("generation") == refused), None)

    failed: Span = wait_until(told, seconds=30, what="the refused request's span")
    assert failed.status.message == "invalid"
    answer = "".join(house.provider.server.defaults.answer())
    for text in (SECRET, answer[:20], house.alice.email, house.document.title):
        assert text.encode() not in collector.bytes()

    _, key = create_key(house.alice, name="trace", scopes=[Scope.ASSISTANT])
    response = httpx.post(
        f"{house.web.url}/api/v1/documents/{house.document.pk}/generations/",
        headers={"Authorization": f"Bearer {key}", "traceparent": f"00-{'ab' * 16}-{PARENT}-01"},
        json={"id": str(uuid4()), "action": "continue", "input": {"text_before": "By REST. "}},
        timeout=30,
    )
    assert response.is_success, response.text

    def by_rest() -> bool:
        return {"http.request", "generation.run"} <= {
            one.name for one in collector.spans() if one.trace_id.hex() == "ab" * 16
        }

    wait_until(by_rest, seconds=30, what="the trace of the REST request")


def test_without_an_endpoint_nothing_is_imported() -> None:
    code = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()
import project.asgi, project.celery
from apps.core.tracing import NOTHING, begin, here, span, start_tracing
start_tracing("web")
with span("any", generation="one") as current:
    assert current is here() is begin("other") is NOTHING
# (redis-py imports the part of OpenTelemetry that is about metrics by itself)
assert not [name for name in sys.modules if name.startswith(("opentelemetry.sdk.trace", "opentelemetry.exporter"))]
assert "sentry_sdk" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=120)
