"""Writes an archive: everything as of one moment, while people go on writing."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from psycopg import sql

from project.archive.container import FORMAT, ArchiveWriter, Manifest
from project.archive.keys import Rekeying, own_keys
from project.archive.tables import Table, archived_tables

# Where these differ, documents may be too large to open elsewhere, or another model answers.
NOTED_SETTINGS = (
    "SYNC_MAX_DOCUMENT_BYTES",
    "SYNC_MAX_UPDATE_BYTES",
    "SYNC_MAX_NESTING",
    "AI_MODEL",
    "AI_FAST_MODEL",
    "AI_FALLBACK_MODELS",
)
# COPY text depends on these.
FORMS = "SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex'"


def write_archive(path: Path, *, to_key: str | None = None) -> Manifest:
    """Write everything to `path` and return the manifest. `to_key`: encrypt the encrypted values with this key."""
    rekeying = Rekeying(own_keys(), to=to_key)
    with ArchiveWriter(path) as archive, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(FORMS)
        parts = []
        for table in archived_tables():
            rows = copy_out(table)
            if table.encrypted:
                rows = rekeying.rows(rows, [table.columns.index(column) for column in table.encrypted])
            parts.append(archive.write(table.name, table.columns, table.encrypted, rows))
        cursor.execute("SHOW server_version")
        manifest = Manifest(
            format=FORMAT,
            made_at=timezone.now(),
            postgres=cursor.fetchone()[0],
            migrations=applied_migrations(),
            keys=dict(rekeying.counts),
            unreadable=rekeying.unreadable,
            settings=noted_settings(),
            parts=tuple(parts),
        )
        archive.finish(manifest)
    return manifest


def copy_out(table: Table) -> Iterator[bytes]:
    """Yield the table's rows as lines of COPY text."""
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for row in copy:
            yield bytes(row)


def applied_migrations() -> dict[str, tuple[str, ...]]:
    applied: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        applied.setdefault(app, []).append(name)
    return {app: tuple(names) for app, names in applied.items()}


def noted_settings() -> dict[str, str | int | list[str]]:
    return {name: getattr(settings, name) for name in NOTED_SETTINGS}
