"""The prompt of `summarize`: what the selection says, in short."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import rewriting
from apps.llm.requests import ChatMessage

VERSION = "summarize-1"

SYSTEM = """\
You are an editor inside a text editor. You summarize the <selection-{key}> passage for somebody who will not read it.

- Say what it says, not that it says it: no "the text describes". The most important first.
- Only what is there: no judgement, no addition, no number or name that it does not have.
- One paragraph, or a short list where the selection lists things. Write in the language of the selection.
- A wish in a <wish-{key}> passage says for whom, what about, or in which form."""

LENGTHS = {1: "a third of its length at most", 2: "three to five sentences", 3: "one or two sentences"}


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    length = LENGTHS[brief.request.strength or 2]
    task = f"Task: summarize. Summarize the selection in {length}."
    return rewriting(SYSTEM, brief, task, ("wish", brief.instruction))
