"""Looks at what people ask before it costs anything: is it text, and does it try to turn the assistant."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from apps.moderation.errors import BlockedInput, HeldInput
from apps.moderation.injection import direct_order, hidden_text, indirect_order, seams
from apps.moderation.reading import reading
from apps.moderation.redaction import Finding, Lookout, finding_of

CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")

CONTROLS_KIND = "controls"

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
HELD = (
    "There is something in this that a person looks at before the assistant may work on it. You will be told what they "
    "decide; released, it runs by itself."
)
REASONS = {"hidden_text": HIDDEN, "direct_injection": DIRECT, "indirect_injection": INDIRECT}


@dataclass(frozen=True)
class Asked:
    """A request. `orders`: what is said to the assistant; `read`: what it is to read."""

    orders: Sequence[str]
    read: Sequence[str]


def screen(asked: Asked, looked_for: Lookout | None = None, *, strict: bool = False) -> list[Finding]:
    """Return what is only to be noted. Raises BlockedInput or HeldInput, with a reason for people.

    `looked_for`: terms and patterns. `strict`: what would only be noted is held, as a policy wants it.
    """
    if sum(len(CONTROLS.findall(text)) for text in (*asked.orders, *asked.read)) > settings.MODERATION_CONTROLS_MAX:
        raise BlockedInput(NO_TEXT, [Finding(CONTROLS_KIND, "block", source="injection")])
    orders, read = list(map(reading, asked.orders)), list(map(reading, asked.read))
    both = (*orders, *read)
    findings = [
        *found_by_rules(looked_for, both),
        *_by("hidden_text", settings.MODERATION_HIDDEN_TEXT, hidden_text, both),
        *_by("direct_injection", settings.MODERATION_DIRECT_INJECTION, direct_order, orders),
        *_by("indirect_injection", settings.MODERATION_INDIRECT_INJECTION, indirect_order, _whole(read)),
    ]
    if strict:
        findings = sharpened(findings)
    refuse_for(findings)
    return findings


def screen_read(texts: Sequence[str]) -> list[Finding]:
    """Return what is found in texts that are only read: hidden text, and orders to the assistant."""
    read = list(map(reading, texts))
    return [
        *_by("hidden_text", settings.MODERATION_HIDDEN_TEXT, hidden_text, read),
        *_by("indirect_injection", settings.MODERATION_INDIRECT_INJECTION, indirect_order, _whole(read)),
    ]


def sharpened(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings as a strict policy takes them: what would only be noted is held."""
    return [replace(one, action="quarantine") if one.action == "flag" else one for one in findings]


def refuse_for(findings: Sequence[Finding]) -> None:
    """Raises BlockedInput or HeldInput where one of `findings` asks for it; the hardest counts."""
    blocking = next((one for one in findings if one.action == "block"), None)
    if blocking is not None:
        raise BlockedInput(REASONS.get(blocking.kind, TERM), findings)
    if any(one.action == "quarantine" for one in findings):
        raise HeldInput(HELD, findings)


def found_by_rules(looked_for: Lookout | None, texts: Sequence[str]) -> list[Finding]:
    """Return what `looked_for` finds in texts that stay as they are: what would be cut out is only noted."""
    if looked_for is None:
        return []
    return [
        finding_of(match, "flag" if (action := looked_for.action(match)) == "redact" else action, text[start:end])
        for text in texts
        if text
        for start, end, match in looked_for.matches(text)
    ]


def _whole(texts: Sequence[str]) -> Sequence[str]:
    """Return `texts` and, where they meet, what stands on both sides."""
    return (*texts, *seams(texts))


def _by(kind: str, policy: str, finds: Callable[[str], str], texts: Sequence[str]) -> list[Finding]:
    if policy == "pass":
        return []
    found = (finds(text) for text in texts if text)
    return [Finding(kind, policy, source="injection", text=excerpt) for excerpt in found if excerpt]
