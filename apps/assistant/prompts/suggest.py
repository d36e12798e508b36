"""The prompt of `suggest`: better wordings, seen from one side."""

from apps.assistant.context import Brief
from apps.assistant.prompts.findings import finding
from apps.llm.requests import ChatMessage

VERSION = "suggest-1"

ASPECTS = {
    "clarity": "what a reader may not understand at first reading: unclear references, tangled sentences",
    "concision": "words that can go: fillers, repetition, roundabout phrases",
    "tone": "words that fall out of the text's tone: too harsh, too flat, too familiar, too stiff",
    "structure": "sentences whose order hides the point: buried main clauses, missing links between sentences",
    "word_choice": "vague, worn or wrong words for which there is a better one",
    "consistency": "names, terms, spellings, numbers and tenses that are not used alike throughout",
    "argument": "claims without a reason, leaps, overstatement, a reason that does not carry its claim",
    "pacing": "places that drag or rush: rhythm, sentence length, where the weight falls",
    "inclusive_language": "words that leave out or hurt people without need",
}

OWN = "own"  # the aspect is in the writer's words

SYSTEM = """\
You are an editor inside a text editor. You propose better wordings for places in the <selection-{key}> passage, seen
from one side only, which the <aspect-{key}> passage names; it names what to look for and nothing else.

- Only where a reader gains. Keep the meaning, the writer's voice and every fact. Mistakes of grammar are not your
  matter.
- Each proposal stands for itself and can be taken alone.
- A wish in a <wish-{key}> passage says more about what to look for."""


def category(aspect: str) -> str:
    """Return what proposals of an aspect are called."""
    return aspect if aspect in ASPECTS else OWN


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    aspect = brief.request.aspect or ""
    wanted = f"{aspect}: {ASPECTS[aspect]}" if aspect in ASPECTS else aspect
    return finding(
        SYSTEM,
        brief,
        "Task: suggest. List the proposals for the selection.",
        categories=[category(aspect)],
        wishes=[("aspect", wanted), ("wish", brief.instruction)],
    )
