"""Refusals of moderation."""

from apps.core.errors import InterlineError


class BlockedOutput(InterlineError):
    """A rule ends the answer."""

    code = "blocked_output"
    status = 422
