"""The advance copy of a generation's row, which the bell brings: a prompt is put together while the row is stored.

What is encrypted in the row is encrypted here. Nothing may be told or asked for it before the row itself is claimed.
"""

import json
from collections.abc import Mapping
from typing import Any

from psycopg import Binary
from psycopg.types.json import Jsonb

from apps.assistant.models import Generation
from apps.core.encryption import EncryptedTextField

COPY_MAX_BYTES = 65_536  # of what waits in Redis for a generator; what is larger is read from its row


def copy_of(values: Mapping[str, Any]) -> str | None:
    """Return the copy of a row, given what each column is stored as; None where it is too large to send along."""
    copy = json.dumps(values, default=_plain, ensure_ascii=False)
    return copy if len(copy) <= COPY_MAX_BYTES else None


def _plain(value: Any) -> Any:
    if isinstance(value, Binary | Jsonb):
        return value.obj.decode() if isinstance(value.obj, bytes) else value.obj
    return str(value)


def row_in(copy: bytes) -> dict[str, Any] | None:
    """Return what a copy says of each column; None where it is of another version of Interline."""
    row: dict[str, Any] = json.loads(copy)
    return row if row.keys() == {field.column for field in Generation._meta.concrete_fields} else None


def generation_in(row: Mapping[str, Any]) -> Generation:
    """Return the generation as its row will have it."""
    fields = Generation._meta.concrete_fields
    generation = Generation(**{field.attname: _value(field, row[str(field.column)]) for field in fields})
    generation._state.adding, generation._state.db = False, "default"
    return generation


def _value(field: Any, stored: Any) -> Any:
    if isinstance(field, EncryptedTextField):
        return field.from_db_value(stored.encode() if stored is not None else None)
    return field.to_python(stored)
