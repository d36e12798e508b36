"""What is known beside the text at hand: house style, dictionary, and what the rest of the document says."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from apps.assistant.actions import ACTIONS
from apps.assistant.context import Recalled
from apps.assistant.edits import Respected
from apps.assistant.models import SHEET, STORY
from apps.core.encryption import decrypt
from apps.core.postgres import Statement

READ = """
SELECT (
        SELECT json_agg(
            json_build_array(e.kind, e.name, convert_from(e.sealed_note, 'UTF8'), e.note) ORDER BY e.kind, e.id
        )
        FROM assistant_sheetentry e WHERE g.action = ANY(%(story)s) AND e.sheet_id = d.id AND NOT e.removed
    ),
    d.outline, d.text, dw.words, dw.ignored_rules, dw.language, dw.style,
    pw.words, pw.ignored_rules, pw.language, pw.style
FROM ({generation}) AS g
JOIN documents_document d ON d.id = g.document_id
LEFT JOIN documents_documentwriting dw ON dw.document_id = d.id
LEFT JOIN accounts_personalwriting pw ON pw.user_id = g.user_id
WHERE g.action = ANY(%(remembering)s)
"""
STORED = READ.format(generation="SELECT document_id, user_id, action FROM assistant_generation WHERE id = %(id)s")
TOLD = READ.format(
    generation="SELECT %(document)s::uuid AS document_id, %(user)s::uuid AS user_id, %(action)s::text AS action"
)


def recalling(generation_id: UUID) -> Statement:
    """Return the statement whose rows `recalled_from` takes."""
    return Statement(STORED, {"id": generation_id, **_actions()})


def recalling_for(document: str, user: str, action: str) -> Statement:
    """As `recalling`, for a generation whose row is not stored yet. The ids as text."""
    return Statement(TOLD, {"document": document, "user": user, "action": action, **_actions()})


def _actions() -> dict[str, list[str]]:
    return {"story": [STORY, SHEET], "remembering": _remembering()}


@cache
def _remembering() -> list[str]:
    return [name for name, action in ACTIONS.items() if action.remembers]


def recalled_from(rows: Sequence[Sequence[Any]]) -> Recalled | None:
    """Return what is known; None for an action that does not remember."""
    if not rows:
        return None
    [row] = rows
    sheet, outline, text, *writing = row
    theirs, own = writing[:4], writing[4:]
    words = tuple(dict.fromkeys((*(theirs[0] or ()), *(own[0] or ()))))
    return Recalled(
        outline=outline,
        text=text,
        style="\n\n".join(filter(None, (theirs[3], own[3]))),
        words=words,
        sheet="\n".join(_line(*entry) for entry in sheet or ()),
        language=theirs[2] or own[2] or "",
        respected=Respected(frozenset(words), frozenset((*(theirs[1] or ()), *(own[1] or ())))),
    )


def _line(kind: str, name: str, sealed: str | None, plain: str) -> str:
    """Return an entry of a sheet as prompts have it."""
    note = decrypt(sealed.encode()) if sealed else plain
    return f"{kind}: {name} – {note}" if note else f"{kind}: {name}"
