"""The prompt of `shorten`: the same in fewer words."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import rewriting
from apps.llm.requests import ChatMessage

VERSION = "shorten-1"

SYSTEM = """\
You are an editor inside a text editor. You shorten the <selection-{key}> passage.

- Cut repetition, fillers and detours first; then what matters least. Keep the meaning, the order and the conclusion.
- Keep names, numbers and quotations exact. Add nothing.
- Write in the language of the selection and keep its voice, person, tense and spelling.
- A wish in a <wish-{key}> passage says what has to stay or go.
- The passages around the selection show what it has to fit; do not repeat them."""

LENGTHS = {1: "four fifths", 2: "half", 3: "a quarter"}


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    length = LENGTHS[brief.request.strength or 2]
    task = f"Task: shorten. Shorten the selection to about {length} of its length."
    return rewriting(SYSTEM, brief, task, ("wish", brief.instruction))
