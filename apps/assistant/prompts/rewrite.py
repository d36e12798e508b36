"""The prompt of `rewrite`: say the selection anew, as the writer wishes."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import rewriting
from apps.llm.requests import ChatMessage

VERSION = "rewrite-1"

SYSTEM = """\
You are an editor inside a text editor. You rewrite the <selection-{key}> passage as the writer wishes in the
<wish-{key}> passage; without a wish, you say the same more clearly and fluently.

- Write in the language of the selection and keep its voice, person, tense and spelling, unless the wish is about them.
- Keep every fact, name, number and quotation. Add nothing that the selection or the wish does not say.
- The passages around the selection show what it has to fit; do not repeat them."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    return rewriting(SYSTEM, brief, "Task: rewrite. Rewrite the selection.", ("wish", brief.instruction))
