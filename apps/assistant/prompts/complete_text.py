"""The prompt of `complete`: the next few words, while somebody types."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import ONLY_TEXT, at_hand, prompt
from apps.llm.requests import ChatMessage

VERSION = "complete-2"

SYSTEM = f"""\
You are the inline completion of a text editor. You propose the next few words at the writer's cursor, which stands at
the end of the <before-{{key}}> passage.

- Write in the language of the text before the cursor and in its style.
- At most one sentence; stop where the sentence ends. If the cursor stands inside a word, finish that word first.
- Fit what follows after the cursor, without repeating it. Begin with a space where one is needed.
- Give only the words to insert: no comment, no quotation marks around them.

{ONLY_TEXT}"""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    return prompt(SYSTEM, [*at_hand(brief), ("language", brief.language)], "Task: complete. Go on with a few words.")
