"""The audit trail as lines: CSV for people, JSON Lines for machines that keep a second copy."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from apps.moderation.audit import BATCH_ROWS, canonical
from apps.moderation.models import AuditRecord

COLUMNS = ("seq", "at", "action", "actor", "target_kind", "target_id", "address", "request_id", "detail", "hash")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file that hands back what is written to it: csv writes rows into it one by one."""

    def write(self, text: str) -> str:
        return text


def as_csv(records: QuerySet[AuditRecord]) -> Iterator[str]:
    """Yield the lines of a CSV file, a head first. No cell starts a formula in a spreadsheet."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for written in records.iterator(BATCH_ROWS):
        row = _row(written)
        row["detail"] = canonical(row["detail"]) if row["detail"] else ""
        yield writer.writerow([_plain(row[name]) for name in COLUMNS])


def as_json_lines(records: QuerySet[AuditRecord]) -> Iterator[str]:
    """Yield one JSON object per record, with everything its hash is made of."""
    for written in records.iterator(BATCH_ROWS):
        links = {"seq": written.seq, "previous_hash": written.previous_hash, "hash": written.hash}
        line = {**links, "address": written.address, "salt": written.salt, "payload": written.payload}
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _row(written: AuditRecord) -> dict[str, Any]:
    payload = json.loads(written.payload)
    known = {"seq": written.seq, "address": written.address, "hash": written.hash}
    return {**{name: payload.get(name, "") for name in COLUMNS}, **known}


def _plain(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(FORMULA_STARTS) else text
