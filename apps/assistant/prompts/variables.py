"""The variables of a command: names in braces that stand for passages of the text.

A text is never written into the command itself, where it could give orders: the command names its passage, and the text
stands between marks that it cannot close.
"""

import re

from apps.assistant.context import Brief

VARIABLES = ("selection", "paragraph", "document", "language")
_VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")
_PARAGRAPHS = re.compile(r"\n+")


def variables_in(prompt: str) -> frozenset[str]:
    return frozenset(_VARIABLE.findall(prompt))


def pointing(prompt: str) -> str:
    """Return the command with each variable as the name of its passage."""
    return _VARIABLE.sub(lambda found: f"(the “{found[1]}” passage)", prompt)


def passages_of(brief: Brief) -> list[tuple[str, str]]:
    """Return the passages that a command's variables stand for and that no other passage holds."""
    named = variables_in(brief.instruction)
    found = []
    if "paragraph" in named:
        found.append(("paragraph", paragraph(brief.before, brief.selection, brief.after)))
    if "document" in named:
        found.append(("document", f"{brief.before}{brief.selection}{brief.after}"))
    return found


def paragraph(before: str, selection: str, after: str) -> str:
    """Return the whole paragraph, or paragraphs, that the selection or the cursor stands in."""
    return f"{_PARAGRAPHS.split(before)[-1]}{selection}{_PARAGRAPHS.split(after)[0]}"
