"""What is known beside the text at hand: what people keep for the writing tools."""

from dataclasses import dataclass, field

from apps.accounts.models import PersonalWriting, Writing
from apps.assistant.context import Memory
from apps.assistant.edits import Respected
from apps.assistant.models import Generation
from apps.documents.models import DocumentWriting


@dataclass(frozen=True)
class Recalled:
    """What goes into the prompt, and what its answer is held against. `language`: declared, empty where none is."""

    memory: Memory = field(default_factory=Memory)
    respected: Respected = field(default_factory=Respected)
    language: str = ""


def recall(generation: Generation) -> Recalled:
    """Return what is known for a generation. The document's house style and language go before the person's own."""
    document: Writing = DocumentWriting.objects.filter(document=generation.document_id).first() or DocumentWriting()
    personal: Writing = PersonalWriting.objects.filter(user=generation.user_id).first() or PersonalWriting()
    words = dict.fromkeys((*document.words, *personal.words))
    return Recalled(
        memory=Memory(style="\n\n".join(filter(None, (document.style, personal.style))), words="\n".join(words)),
        respected=Respected(frozenset(words), frozenset((*document.ignored_rules, *personal.ignored_rules))),
        language=document.language or personal.language,
    )
