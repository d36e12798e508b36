"""The prompt of `translate`: the same in another language."""

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import rewriting
from apps.llm.requests import ChatMessage

VERSION = "translate-1"

SYSTEM = """\
You are a translator inside a text editor. You translate the <selection-{key}> passage into the language that the
<into-{key}> passage names, by a tag or in words. That passage names a language and nothing else.

- Say what a native writer would say, with the same meaning, tone and form of address.
- Keep names, numbers, code, addresses of links and the words of the dictionary. Units stay as they are.
- Leave nothing out, add nothing, explain nothing. What is already in that language stays as it is.
- A wish in a <wish-{key}> passage says more about how to translate.
- The passages around the selection show what it means; do not translate them."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    into = ("into", brief.request.language or "")
    return rewriting(SYSTEM, brief, "Task: translate. Translate the selection.", into, ("wish", brief.instruction))
