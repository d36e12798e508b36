"""What is said, with the end of an answer, of what was found in the text that it was made from."""

from collections.abc import Iterable, Sequence
from typing import Any

from apps.assistant.messages.events import Note
from apps.moderation.redaction import Finding

WORDS = {
    "indirect_injection": Note(
        kind="orders_in_text",
        message="Part of the text that the assistant read looks like instructions to it. It was told to follow none.",
    ),
    "hidden_text": Note(
        kind="hidden_text",
        message="The text that the assistant read has parts that nobody can see. It was told to follow none of them.",
    ),
}
NOTED = "noted"  # in a generation's options: what was found when it was asked for


def kinds_of(findings: Iterable[Finding]) -> list[str]:
    """Return those kinds of findings that are said."""
    return sorted({one.kind for one in findings if one.source == "injection" and one.kind in WORDS})


def noted_in(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what a generation's options keep of what was found in its request."""
    kinds = kinds_of(findings)
    return {NOTED: kinds} if kinds else {}


def notes(kinds: Iterable[str]) -> list[Note] | None:
    """Return what is said of `kinds`; None where there is nothing to say."""
    return [WORDS[kind] for kind in sorted(kinds) if kind in WORDS] or None
