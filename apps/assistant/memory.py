"""What is known beside the text at hand: house style, dictionary, and what the rest of the document says."""

from apps.assistant.claims import pool
from apps.assistant.context import Recalled
from apps.assistant.edits import Respected
from apps.assistant.models import SHEET, STORY, Generation
from apps.core.encryption import decrypt

READ = """
SELECT (
        SELECT json_agg(
            json_build_array(e.kind, e.name, convert_from(e.sealed_note, 'UTF8'), e.note) ORDER BY e.kind, e.id
        )
        FROM assistant_sheetentry e WHERE %(story)s AND e.sheet_id = d.id AND NOT e.removed
    ),
    d.outline, d.text, dw.words, dw.ignored_rules, dw.language, dw.style,
    pw.words, pw.ignored_rules, pw.language, pw.style
FROM documents_document d
LEFT JOIN documents_documentwriting dw ON dw.document_id = d.id
LEFT JOIN accounts_personalwriting pw ON pw.user_id = %(user)s
WHERE d.id = %(document)s
"""


async def recall(generation: Generation) -> Recalled:
    """Return what is known, by one statement on the event loop."""
    wanted = {
        "user": generation.user_id,
        "document": generation.document_id,
        "story": generation.action in (STORY, SHEET),
    }
    async with (await pool()).connection() as connection:
        row = await (await connection.execute(READ, wanted, prepare=True)).fetchone()
    if row is None:
        return Recalled()
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
