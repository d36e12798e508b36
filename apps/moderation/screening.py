"""Looks at what people ask before it costs anything: is it text, and does it try to turn the assistant."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from apps.moderation.errors import BlockedInput
from apps.moderation.injection import hidden_text, is_direct, is_indirect
from apps.moderation.lookouts import blocked_terms
from apps.moderation.metrics import VERDICTS

logger = logging.getLogger(__name__)

CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")

NO_TEXT = "This does not look like text. Paste it without the parts that are none, and try again."
HIDDEN = (
    "There is text in this that nobody can see, of a kind that is used to give the assistant secret orders. Paste the "
    "passage again as plain text, and try again."
)
DIRECT = (
    "This asks the assistant to put aside the rules it works by, which it does not do. Say what you want written, and "
    "try again."
)
TERM = "There is something in this that may not be written about here. Change it, and try again."
INDIRECT = (
    "In the text around there are orders to the assistant that you may not have written. Look at it, or select the "
    "part that is yours, and try again."
)


@dataclass(frozen=True)
class Asked:
    """A request. `orders`: what is said to the assistant; `read`: what it is to read."""

    orders: Sequence[str]
    read: Sequence[str]


def screen(asked: Asked) -> None:
    """Raises BlockedInput with a reason for people. What is only to be flagged is logged, without its text."""
    if sum(len(CONTROLS.findall(text)) for text in (*asked.orders, *asked.read)) > settings.MODERATION_CONTROLS_MAX:
        raise BlockedInput(NO_TEXT)
    if settings.MODERATION_BLOCKED_TERMS:
        _judge("term", "block", blocked_terms().holds, (*asked.orders, *asked.read), TERM)
    _judge("hidden_text", settings.MODERATION_HIDDEN_TEXT, hidden_text, (*asked.orders, *asked.read), HIDDEN)
    _judge("direct_injection", settings.MODERATION_DIRECT_INJECTION, is_direct, asked.orders, DIRECT)
    _judge("indirect_injection", settings.MODERATION_INDIRECT_INJECTION, is_indirect, asked.read, INDIRECT)


def _judge(kind: str, policy: str, finds: Callable[[str], bool], texts: Sequence[str], reason: str) -> None:
    if policy == "pass" or not any(finds(text) for text in texts if text):
        return
    logger.info("moderation.input_found", extra={"kind": kind, "policy": policy})
    VERDICTS.labels(kind, policy).inc()
    if policy == "block":
        raise BlockedInput(reason)
