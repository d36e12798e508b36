"""A candidate for `shorten`, to be tried in an experiment: find the point first, then cut what does not serve it."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import rewriting
from apps.assistant.prompts.shorten import LENGTHS
from apps.llm.requests import ChatMessage

VERSION = "shorten-2"

SYSTEM = """\
You are an editor inside a text editor. You shorten the <selection-{key}> passage.

- First find what the passage is there to say. Keep every sentence that says it; cut or join the others.
- Prefer striking out whole words and clauses to putting things differently: the writer should know their own sentences.
- Keep names, numbers, quotations and the conclusion exact. Add nothing.
- Write in the language of the selection and keep its voice, person, tense and spelling.
- A wish in a <wish-{key}> passage says what has to stay or go.
- The passages around the selection show what it has to fit; do not repeat them."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    length = LENGTHS[brief.request.strength or 2]
    task = f"Task: shorten. Shorten the selection to about {length} of its length."
    return rewriting(SYSTEM, brief, task, ("wish", brief.instruction))
