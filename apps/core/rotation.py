"""Encrypting stored values anew with the newest key, in batches, while everything runs.

A value is replaced only where it still is what was read: a writer that comes in between has used the newest key itself.
It can be stopped at any moment and run again: what has the newest key already is passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from psycopg import sql

from apps.core.encryption import EncryptedTextField


@dataclass
class Rotated:
    """What became of the values of one column. `unreadable`: no key here opens them; they are left alone."""

    table: str
    column: str
    current: int = 0
    rotated: int = 0
    unreadable: int = 0
    overtaken: int = 0


def encrypted_columns() -> list[tuple[type[models.Model], str]]:
    """Return every model and column that is encrypted, whichever app it is of."""
    return [
        (model, str(field.column))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_fields
        if isinstance(field, EncryptedTextField)
    ]


def rotate_all(*, batch_rows: int, dry: bool = False) -> Iterator[Rotated]:
    """Yield what became of each column, after it. `dry`: only count; what would be rotated counts as `rotated`."""
    for model, column in encrypted_columns():
        found = Rotated(model._meta.db_table, column)
        last: Any = None
        while rows := _batch(model, column, last, batch_rows):
            last = rows[-1][0]
            _rotate(model, found, rows, dry=dry)
        yield found


def _batch(model: type[models.Model], column: str, after: Any, batch_rows: int) -> list[tuple[Any, bytes]]:
    pk = sql.Identifier(str(model._meta.pk.column))
    query = sql.SQL(
        "SELECT {pk}, {column} FROM {table} WHERE {column} IS NOT NULL {after} ORDER BY {pk} LIMIT %s"
    ).format(
        pk=pk,
        column=sql.Identifier(column),
        table=sql.Identifier(model._meta.db_table),
        after=sql.SQL("AND {} > %s").format(pk) if after is not None else sql.SQL(""),
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [batch_rows] if after is None else [after, batch_rows])
        return [(key, bytes(token)) for key, token in cursor.fetchall()]


def _rotate(model: type[models.Model], found: Rotated, rows: list[tuple[Any, bytes]], *, dry: bool) -> None:
    keys = [Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS]
    every = MultiFernet(keys)
    statement = sql.SQL("UPDATE {table} SET {column} = %s WHERE {pk} = %s AND {column} = %s").format(
        table=sql.Identifier(found.table),
        column=sql.Identifier(found.column),
        pk=sql.Identifier(str(model._meta.pk.column)),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        for key, token in rows:
            if _is_of(keys[0], token):
                found.current += 1
                continue
            try:
                anew = every.rotate(token)
            except InvalidToken:
                found.unreadable += 1
                continue
            if not dry:
                cursor.execute(statement, [anew, key, token])
                if not cursor.rowcount:
                    found.overtaken += 1
                    continue
            found.rotated += 1


def _is_of(key: Fernet, token: bytes) -> bool:
    """Say whether `key` made `token`, without decrypting it: its signature tells."""
    try:
        key.extract_timestamp(token)
    except InvalidToken:
        return False
    return True
