"""The prompt of `title`: titles to choose from."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import writing
from apps.llm.requests import ChatMessage

VERSION = "title-1"

SYSTEM = """\
You are a writing assistant inside a text editor. You propose titles for the text at hand.

- A Markdown list of five titles, the best first, each at most 70 characters; different in kind: plain, vivid,
  a question.
- True to the text, in its language, in its way of capitals. No quotation marks, no full stop, no comment.
- A wish in a <wish-{key}> passage says more."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    return writing(SYSTEM, brief, "Task: title. List the titles.", ("wish", brief.instruction))
