"""Traces by OpenTelemetry, sent by OTLP over HTTP. The SDK's other variables (OTEL_…) work as it documents them."""

from project.settings.environment import env

OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")  # e.g. http://collector:4318; unset: no traces
OTEL_SERVICE_NAME = env.str("OTEL_SERVICE_NAME", "interline")  # as which the traces appear
OTEL_SEND_SECONDS = env.float("OTEL_SEND_SECONDS", 5)  # for how long spans are gathered before they are sent
