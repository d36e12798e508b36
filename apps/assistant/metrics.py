"""What is counted of generations and of the assistant's sockets."""

from apps.assistant.models import Generation
from apps.core.metrics import counter, gauge, histogram

ENDED = counter("generations", "Generations that ended.", "action", "model", "outcome")
FAILED = counter("generation_errors", "Generations that failed, by code.", "action", "code")
REFUSED = counter("generation_refusals", "Requests for a generation that were refused, by code.", "code")
FIRST_TOKEN = histogram(
    "generation_first_token_seconds", "From the request's row to the model's first token.", "action", "model"
)
WHOLE = histogram("generation_seconds", "From the request's row to the answer's end.", "action", "model")
QUEUED = histogram("generation_queue_seconds", "From the request's row to a generator that takes it.")
TOKENS = counter("tokens", "Tokens of all attempts of generations that ended.", "model", "kind")
STREAMING = gauge("generations_streaming", "Generations in the hands of this process.")
TAKEN_OVER = counter("generations_taken_over", "Generations whose generator fell silent, taken over by this process.")
BACKLOG = gauge("assistant_backlog_events", "Events read from the logs that wait for sockets to take them.")
DECISIONS = counter("decisions", "Decisions about suggestions.", "action", "decision")


def note_end(generation: Generation) -> None:
    """Count a generation that has ended, as its row says."""
    created = generation.created_at
    labels = generation.action, generation.model
    ENDED.labels(*labels, generation.state).inc()
    if generation.error_code:
        FAILED.labels(generation.action, generation.error_code).inc()
    if generation.started_at is not None:
        QUEUED.observe((generation.started_at - created).total_seconds())
    if generation.first_token_at is not None:
        FIRST_TOKEN.labels(*labels).observe((generation.first_token_at - created).total_seconds())
    if generation.ended_at is not None:
        WHOLE.labels(*labels).observe((generation.ended_at - created).total_seconds())
    for attempt in generation.attempts:
        TOKENS.labels(attempt["model"], "prompt").inc(attempt["prompt_tokens"])
        TOKENS.labels(attempt["model"], "completion").inc(attempt["completion_tokens"])
