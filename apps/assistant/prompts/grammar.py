"""The prompt of `grammar`: mistakes, each with its correction."""

from apps.assistant.context import Brief
from apps.assistant.prompts.findings import finding
from apps.llm.requests import ChatMessage

VERSION = "grammar-1"

CATEGORIES = (
    "grammar",
    "spelling",
    "agreement",
    "tense",
    "article",
    "preposition",
    "word_form",
    "confused_word",
    "repeated_word",
    "missing_word",
    "punctuation",
    "capitals",
    "spacing",
)

SYSTEM = """\
You are a proofreader inside a text editor. You find mistakes of spelling, grammar and punctuation in the
<selection-{key}> passage; the passages around it only show what it means.

- Only what is wrong by the rules of the selection's language and its regional spelling. Style and taste are not your
  matter; names, quotations, dialect and code stay.
- The smallest correction that makes it right. In doubt, no finding."""


def build(brief: Brief) -> tuple[ChatMessage, ...]:
    return finding(SYSTEM, brief, "Task: grammar. List the mistakes in the selection.", categories=CATEGORIES)
