"""Calls to addresses that somebody typed in, such as webhooks."""

from project.settings.environment import env

OUTGOING_NETWORKS: list[str] = env.list("OUTGOING_NETWORKS", [])  # networks that may be called besides public addresses
OUTGOING_SECONDS = 10.0  # for the whole call
OUTGOING_ANSWER_BYTES = 64 * 1024  # of an answer that are read
