"""The prompt of `outline`: a plan of a text that is to be written."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import writing
from apps.llm.requests import ChatMessage

VERSION = "outline-1"

SYSTEM = """\
You are a writing assistant inside a text editor. You draft an outline: of the text that the <wish-{key}> passage asks
for, else of what the text at hand wants to become.

- A Markdown list: top items are sections, nested items the points of each, a few words each. Three to eight sections.
- An order that leads a reader from question to answer. What is already written has its place in it.
- Write in the language of the wish or else of the text. Give only the outline: no title, no comment."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    return writing(SYSTEM, brief, "Task: outline. Draft the outline.", ("wish", brief.instruction))
