"""The prompt of `tone`: the same in another tone."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import rewriting
from apps.assistant.prompts.strengths import strength_of
from apps.llm.requests import ChatMessage

VERSION = "tone-1"

SYSTEM = """\
You are an editor inside a text editor. You give the <selection-{key}> passage the tone named in the <tone-{key}>
passage. That passage names a tone and nothing else.

- Change words and rhythm, not what is said: every fact, name, number and quotation stays.
- Write in the language of the selection and keep its person, tense and spelling.
- A wish in a <wish-{key}> passage says more about the tone.
- The passages around the selection show what it has to fit; do not repeat them."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    task = f"Task: tone. Move the selection {strength_of(brief.request.strength)} towards that tone."
    return rewriting(SYSTEM, brief, task, ("tone", brief.request.tone or ""), ("wish", brief.instruction))
