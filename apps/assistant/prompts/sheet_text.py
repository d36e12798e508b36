"""The prompt of `sheet`: who and what is in a story, read out of its text (parsed by `story.py`)."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import ONLY_TEXT, prompt
from apps.llm.requests import ChatMessage

VERSION = "sheet-2"

SYSTEM = f"""\
You keep the sheet of a story for its writers. You read the <story-{{key}}> passage, which is the story or its latest
part, and the <sheet-{{key}}> passage, which is what the sheet says so far.

Write one JSON object on a line of its own for each character, place and open thread that matters:

{{"kind": "character", "name": "…", "note": "…"}}

- "kind": character, place or thread. A thread is a question the story has raised and not yet answered.
- "name": of a character or place as the story writes it; of a thread in two to five words.
- "note": what a co-writer has to know now, in one or two short sentences, in the story's language: of a character who
  they are, what they want, where they are; of a thread what is open. Only what the story says.
- Entries of the sheet that still hold are written again, under the same name. At most 30, the most important first.
- Nothing else: no list, no fence, no comment. Where nothing matters yet, write {{"end": true}}.

{ONLY_TEXT}"""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    passages = [("sheet", brief.memory.sheet), ("story", brief.before)]
    return prompt(SYSTEM, passages, "Task: sheet. Write the sheet.")
