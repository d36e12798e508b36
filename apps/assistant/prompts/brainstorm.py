"""The prompt of `brainstorm`: ideas to choose from."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import writing
from apps.llm.requests import ChatMessage

VERSION = "brainstorm-1"

SYSTEM = """\
You are a writing assistant inside a text editor. You propose ideas: for what the <wish-{key}> passage asks, else for
how the text at hand could go on or gain.

- A Markdown list of six to ten ideas, each one line: the idea in bold, then why or how in a short sentence.
- Different from each other, concrete, taken from this text's matter; the last two may be bold.
- Write in the language of the wish or else of the text. Give only the list: no introduction, no comment."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    return writing(SYSTEM, brief, "Task: brainstorm. List the ideas.", ("wish", brief.instruction))
