"""Which tables are in an archive: all of ours and of the apps we use, but for what is worth nothing elsewhere."""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models

from apps.core.encryption import EncryptedTextField

# Whoever could read an archive could else go on with somebody's session: after a restore, people log in again.
LEFT_OUT = frozenset({"django_session"})

STORED_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


@dataclass(frozen=True)
class Table:
    """A table with the columns that are stored (not those PostgreSQL computes)."""

    name: str
    columns: tuple[str, ...]
    encrypted: tuple[str, ...]


def archived_models() -> list[type[models.Model]]:
    """Return one model per table that belongs into an archive, in a steady order."""
    by_table = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in LEFT_OUT
    }
    return [by_table[name] for name in sorted(by_table)]


def archived_tables() -> list[Table]:
    """Return the tables as they are in the database now; those that a migration has yet to make are left out."""
    tables = [
        Table(
            model._meta.db_table,
            stored_columns(model._meta.db_table),
            tuple(str(field.column) for field in model._meta.local_fields if isinstance(field, EncryptedTextField)),
        )
        for model in archived_models()
    ]
    return [table for table in tables if table.columns]


def stored_columns(table: str) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(STORED_COLUMNS, [connection.ops.quote_name(table)])
        return tuple(name for (name,) in cursor.fetchall())
