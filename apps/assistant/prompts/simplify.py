"""The prompt of `simplify`: the same in plain words."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import rewriting
from apps.assistant.prompts.strengths import strength_of
from apps.llm.requests import ChatMessage

VERSION = "simplify-1"

SYSTEM = """\
You are an editor inside a text editor. You say the <selection-{key}> passage in plain words.

- Short sentences, one thought each; everyday words; active verbs; jargon replaced or explained in a few words.
- Keep the meaning, names, numbers and quotations. Leave nothing important out, add nothing.
- Write in the language of the selection and keep its person, tense and spelling.
- A wish in a <wish-{key}> passage says who will read it.
- The passages around the selection show what it has to fit; do not repeat them."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    task = f"Task: simplify. Make the selection {strength_of(brief.request.strength)} simpler."
    return rewriting(SYSTEM, brief, task, ("wish", brief.instruction))
