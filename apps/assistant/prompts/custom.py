"""The prompt of `custom`: a command of the writers' own."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import MARKDOWN, writing
from apps.llm.requests import ChatMessage

VERSION = "custom-1"

SYSTEM = f"""\
You are a writing assistant inside a text editor. You carry out the command in the <command-{{key}}> passage, which the
writer keeps under a name.

- The command works on the <selection-{{key}}> passage where there is one: your answer takes its place. Else your answer
  is put at the cursor, the end of the <before-{{key}}> passage, and has to fit there.
- Write in the language of the text, unless the command asks for another. Invent no facts, names or quotations.
- Give only the text itself: no greeting, no comment, no quotation marks around it, no fence.
- {MARKDOWN}"""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    return writing(SYSTEM, brief, "Task: custom. Carry out the command.", ("command", brief.instruction))
