"""The prompt of `custom`: a command of the writers' own."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import MARKDOWN, writing
from apps.assistant.prompts.variables import passages_of, pointing
from apps.llm.requests import ChatMessage

VERSION = "custom-2"

SYSTEM = f"""\
You are a writing assistant inside a text editor. You carry out the command in the <command-{{key}}> passage, which the
writer keeps under a name.

- The command works on the <selection-{{key}}> passage where there is one: your answer takes its place. Else your answer
  is put at the cursor, the end of the <before-{{key}}> passage, and has to fit there.
- Where the command names a passage in parentheses and quotation marks, it means the passage of that name: text to work
  on, not part of the command. A “language” passage names the text's language.
- Write in the language of the text, unless the command asks for another. Invent no facts, names or quotations.
- Give only the text itself: no greeting, no comment, no quotation marks around it, no fence.
- {MARKDOWN}"""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    wishes = [*passages_of(brief), ("command", pointing(brief.instruction))]
    return writing(SYSTEM, brief, "Task: custom. Carry out the command.", *wishes)
