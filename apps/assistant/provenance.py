"""Where a document's text comes from: typed, pasted, or taken over from the assistant, and then by whom from what.

The marks in the text are display: anybody who edits can forge one. What the assistant wrote and who accepted it is in
the generations and their decisions; a mark without them is reported as not on record.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.models import Decision, Generation
from apps.collaboration.projection import HARD_BREAK
from apps.collaboration.reading import Close, Open, Part, Run, parts_of
from apps.collaboration.services import read_document
from apps.core.errors import NotFound
from apps.documents.access import access_document
from apps.documents.models import Document

Origin = Literal["typed", "pasted", "assisted"]
MARK = "origin"
ORIGINS: dict[str, Origin] = {"ai": "assisted", "paste": "pasted"}


@dataclass(frozen=True)
class Source:
    """A generation that text was taken over from. `taken`: who decided to, latest last; never empty."""

    id: UUID
    action: str
    model: str
    asked_by: User
    asked_at: datetime
    taken: tuple[Decision, ...]


@dataclass(frozen=True)
class Span:
    """Text of one origin inside one block (counted from 1). `generation`: as its mark says, "" for none."""

    origin: Origin
    block: int
    text: str
    generation: str = ""


@dataclass(frozen=True)
class Provenance:
    """`characters` by origin; `spans`: what is not typed, in order; `sources`: those on record, by id."""

    document: Document
    made_at: datetime
    characters: dict[Origin, int]
    spans: tuple[Span, ...]
    sources: dict[str, Source]
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def total(self) -> int:
        return sum(self.characters.values())


def read_provenance(user: User, document_id: UUID) -> Provenance:
    """Return where the text comes from, as of now, for somebody who may read the document. Raises NotFound."""
    document = access_document(user, document_id).document
    parts = tuple(parts_of(read_document(document_id)))
    spans = list(_spans(parts))
    characters: dict[Origin, int] = {"typed": 0, "pasted": 0, "assisted": 0}
    for span in spans:
        characters[span.origin] += len(span.text)
    return Provenance(
        document=document,
        made_at=timezone.now(),
        characters=characters,
        spans=tuple(span for span in spans if span.origin != "typed"),
        sources=_sources(document_id, (span.generation for span in spans)),
        parts=parts,
    )


def read_source(user: User, document_id: UUID, generation_id: UUID) -> Source:
    """Return a generation that text of the document was taken over from. Raises NotFound.

    Also for one that was private: whose words stand in a shared text is no secret. What was asked stays one.
    """
    access_document(user, document_id)
    source = _sources(document_id, [str(generation_id)]).get(str(generation_id))
    if source is None:
        raise NotFound("There is no record of this text.")
    return source


def origin_of(run: Run) -> tuple[Origin, str]:
    """Return the origin of a run of text and the generation its mark names."""
    mark = run.marks.get(MARK)
    if not isinstance(mark, dict):
        return "typed", ""
    generation = mark.get("gen")
    return ORIGINS.get(str(mark.get("origin")), "typed"), generation if isinstance(generation, str) else ""


def _spans(parts: Iterable[Part]) -> Iterator[Span]:
    """Yield the runs of each block, those with the same origin in a row as one."""
    block, pending = 0, None
    for part in parts:
        match part:
            case Run():
                origin, generation = origin_of(part)
                generation = generation if origin == "assisted" else ""
                block = block or 1
                if pending and (pending.origin, pending.generation) == (origin, generation):
                    pending = Span(origin, pending.block, pending.text + part.text, generation)
                    continue
                if pending:
                    yield pending
                pending = Span(origin, block, part.text, generation)
            case Open() | Close() if part.tag != HARD_BREAK:
                if pending:
                    yield pending
                    block += 1
                pending = None
            case _:
                pass
    if pending:
        yield pending


def _sources(document_id: UUID, ids: Iterable[str]) -> dict[str, Source]:
    wanted = {found for one in ids if (found := _uuid(one))}
    decisions: dict[UUID, list[Decision]] = {}
    for decision in (
        Decision.objects.filter(generation_id__in=wanted, generation__document_id=document_id)
        .exclude(decision="rejected")
        .select_related("user")
        .order_by("pk")
    ):
        decisions.setdefault(decision.generation_id, []).append(decision)
    generations = Generation.objects.filter(pk__in=decisions).select_related("user").defer("input", "text", "anchor")
    return {
        str(generation.pk): Source(
            id=generation.pk,
            action=generation.action,
            model=generation.model,
            asked_by=generation.user,
            asked_at=generation.created_at,
            taken=tuple(decisions[generation.pk]),
        )
        for generation in generations
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def percent(part: int, total: int) -> int:
    """Return a share in whole percent; anything at all is at least 1, and less than all is at most 99."""
    if part == 0 or total == 0:
        return 0
    return 100 if part == total else min(99, max(1, round(part * 100 / total)))


def described(source: Source) -> dict[str, Any]:
    """Return a source as the record says it."""
    provider, _, model = source.model.partition("/")
    return {
        "generation": str(source.id),
        "action": source.action,
        "model": model or source.model,
        "provider": provider if model else "",
        "asked_by": source.asked_by.display_name,
        "asked_at": source.asked_at.isoformat(),
        "taken": [
            {
                "decision": decision.decision,
                "by": decision.user.display_name,
                "at": decision.created_at.isoformat(),
            }
            for decision in source.taken
        ],
    }


def as_json(record: Provenance) -> dict[str, Any]:
    """Return the record to be kept or sent on."""
    return {
        "document": {"id": str(record.document.pk), "title": record.document.title},
        "made_at": record.made_at.isoformat(),
        "characters": {**record.characters, "total": record.total},
        "percent": {origin: percent(count, record.total) for origin, count in record.characters.items()},
        "spans": [
            {
                "origin": span.origin,
                "block": span.block,
                "characters": len(span.text),
                "text": span.text,
                **({"generation": span.generation} if span.origin == "assisted" else {}),
                **({"on_record": span.generation in record.sources} if span.origin == "assisted" else {}),
            }
            for span in record.spans
        ],
        "generations": [described(source) for source in record.sources.values()],
    }
