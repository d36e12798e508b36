"""How findings are written: what the prompts of `grammar` and `suggest` have in common (read by `findings.py`)."""

from collections.abc import Iterable, Sequence

from apps.assistant.context import Brief
from apps.assistant.prompts.passages import KNOWN, ONLY_TEXT, at_hand, known, prompt
from apps.llm.requests import ChatMessage

FORM = """\
Write each finding as one JSON object on a line of its own, in the order of the text, as soon as you have it:

{"context": "…", "original": "…", "replacement": "…", "category": "…", "explanation": "…"}

- "original": the words to be replaced, copied from the selection letter by letter, with their punctuation. As few words
  as make sense, never more than one line of the selection.
- "context": the words around them, also copied letter by letter, enough of them to occur only once in the selection.
- "replacement": what takes their place, one line; empty to delete them.
- "category": one of: CATEGORIES.
- "explanation": why, in one short sentence, in the language of the selection.

Findings do not overlap. The selection's language stays. Count no positions. After the last finding write
{"end": true} on a line of its own, also when there is no finding. Write nothing else: no list, no fence, no comment."""


def finding(
    system: str, brief: Brief, task: str, *, categories: Sequence[str], wishes: Iterable[tuple[str, str]] = ()
) -> tuple[ChatMessage, ...]:
    form = FORM.replace("CATEGORIES", ", ".join(categories))
    passages = [*known(brief), *at_hand(brief), ("language", brief.language), *wishes]
    return prompt(f"{system}\n\n{form}\n\n{KNOWN}\n\n{ONLY_TEXT}", passages, task)
