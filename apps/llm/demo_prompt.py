"""The prompt as the demo model reads it: the task at its end, and the passages between marks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

KEY = re.compile(r"\bkey ([0-9a-f]{8})\b")
TASK = re.compile(r"^Task: (\w+)\. *(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class DemoPrompt:
    """`task` is its first word, `wording` the rest of that line."""

    task: str
    wording: str
    passages: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.passages.get(name, "")

    @property
    def text(self) -> str:
        """The text at hand, as far as it reaches to the cursor."""
        return self["selection"] or self["before"]


def read_prompt(messages: Sequence[dict[str, Any]]) -> DemoPrompt:
    """Return what `messages` ask for, in the form `apps/assistant/prompts` gives them."""
    system, user = str(messages[0]["content"]), str(messages[-1]["content"])
    key = KEY.search(system)
    tasks = TASK.findall(user)
    task, wording = tasks[-1] if tasks else ("continue", "")
    if key is None:
        return DemoPrompt(task, wording)
    marked = re.compile(rf"<([a-z]+)-{key[1]}>\n(.*?)\n</\1-{key[1]}>", re.DOTALL)
    return DemoPrompt(task, wording, dict(marked.findall(user)))
