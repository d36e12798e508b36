"""Refusals of moderation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.core.errors import Forbidden, InterlineError

if TYPE_CHECKING:
    from apps.moderation.redaction import Finding


class RefusedInput(InterlineError):
    """What was asked is not passed on to a model. `findings`: all that was found in it."""

    status = 422

    def __init__(self, message: str, findings: "Sequence[Finding]" = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class BlockedInput(RefusedInput):
    """Never."""

    code = "blocked_input"


class HeldInput(RefusedInput):
    """Not before a reviewer has looked at it."""

    code = "held_input"


class BlockedOutput(InterlineError):
    """A rule ends the answer."""

    code = "blocked_output"
    status = 422


class AgainstPolicy(Forbidden):
    """A policy does not let this person ask for this here; the message says what holds."""

    code = "against_policy"


class NotChecked(InterlineError):
    """The moderation model did not answer, and nothing may pass that it has not looked at."""

    code = "provider_unavailable"
    status = 503
    retryable = True
