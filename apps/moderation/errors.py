"""Refusals of moderation."""

from apps.core.errors import InterlineError


class BlockedInput(InterlineError):
    """What was asked is not passed on to a model."""

    code = "blocked_input"
    status = 422


class BlockedOutput(InterlineError):
    """A rule ends the answer."""

    code = "blocked_output"
    status = 422
