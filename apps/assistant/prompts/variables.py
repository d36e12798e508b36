"""The variables of a command: names in braces that stand for passages of the text.

A text is never written into the command itself. Its place says where it stands: between marks it cannot close.
"""

import re

VARIABLES = ("selection", "paragraph", "document", "language")
_VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")


def variables_in(prompt: str) -> frozenset[str]:
    return frozenset(_VARIABLE.findall(prompt))


def pointing(prompt: str) -> str:
    """Return the command with each variable named as its passage, `{key}` standing for the marks' key."""
    return _VARIABLE.sub(lambda found: f"the text in <{found[1]}-{{key}}>", prompt)
