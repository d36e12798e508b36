"""Limits and waits of the transport for networks that block WebSockets. Described in docs/fallback.md."""

from project.settings.environment import env

FALLBACK_SESSIONS_MAX = env.int("FALLBACK_SESSIONS_MAX", 1_000)  # of one web process; more get 503
FALLBACK_REQUEST_MAX_BYTES = env.int("FALLBACK_REQUEST_MAX_BYTES", 4 << 20)  # frames of one request, in base64
FALLBACK_OUTBOUND_MAX_BYTES = env.int("FALLBACK_OUTBOUND_MAX_BYTES", 1 << 20)  # unacknowledged; more has to wait
FALLBACK_OUTBOUND_SECONDS = env.float("FALLBACK_OUTBOUND_SECONDS", 20)  # and is closed with 4508 after so long
FALLBACK_INBOUND_MAX_BYTES = env.int("FALLBACK_INBOUND_MAX_BYTES", 4 << 20)  # not taken by the application yet
FALLBACK_INBOUND_SECONDS = 5.0  # how long a request waits for room there; the client sends the rest again
FALLBACK_BATCH_BYTES = 256 << 10  # what one read returns, or one frame
# A session is kept for so long without a request: longer than a browser lets a hidden page sleep, which is a minute.
FALLBACK_SILENCE_SECONDS = env.float("FALLBACK_SILENCE_SECONDS", 75)
FALLBACK_SWEEP_SECONDS = 2.0
FALLBACK_HEARTBEAT_SECONDS = env.float("FALLBACK_HEARTBEAT_SECONDS", 10)  # between comments in a silent stream
FALLBACK_STREAM_SECONDS = env.float("FALLBACK_STREAM_SECONDS", 60)  # then the client opens the next one
FALLBACK_POLL_SECONDS = env.float("FALLBACK_POLL_SECONDS", 20)  # the longest long poll
FALLBACK_RELAY_SECONDS = 3.0  # for the answer of the process that holds the session
