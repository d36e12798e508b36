"""Puts an archive's content into the database: all of it in one transaction, or nothing."""

import logging
from collections.abc import Iterable
from pathlib import Path

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.management.color import no_style
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from apps.accounts.services import FIRST_ADMIN_EMAIL
from apps.assistant.models import OPEN_STATES, Generation
from apps.assistant.tasks import end_lost
from apps.core.redis import key, sync_redis
from project.archive.backup import FORMS, applied_migrations, noted_settings
from project.archive.container import ArchiveReader, ArchiveRefused, Manifest, Part
from project.archive.keys import Rekeying, fingerprint, lines, own_keys
from project.archive.running import refuse_while_running
from project.archive.tables import LEFT_OUT, archived_models, stored_columns

logger = logging.getLogger(__name__)

MIGRATIONS_TABLE = "django_migrations"
# What a database has that was only prepared: the first admin, who never logged in, and no document.
IS_USED = {
    "documents_document": "SELECT EXISTS (SELECT 1 FROM documents_document)",
    "accounts_user": "SELECT EXISTS (SELECT 1 FROM accounts_user WHERE email <> %s OR last_login IS NOT NULL)",
}


def restore_archive(
    path: Path,
    *,
    replace: bool = False,
    ignore_running: bool = False,
    accept_unreadable: bool = False,
    more_key: str | None = None,
) -> Manifest:
    """Restore `path` and return its manifest. Raises ArchiveRefused, and then nothing has changed.

    `replace`: throw away what the database holds. `more_key`: opens values of the archive beside our own keys; they
    are encrypted with our newest one.
    """
    with ArchiveReader(path) as archive:
        archive.check()
        manifest = archive.manifest
        if not accept_unreadable:
            _check_keys(manifest, [*own_keys(), *([more_key] if more_key else [])])
        _check_version(manifest)
        if not ignore_running:
            refuse_while_running(settings.HEARTBEAT_LIFETIME_SECONDS)
        with transaction.atomic():
            if not replace and _is_used():
                raise ArchiveRefused(
                    "The database is not empty. Restore into an empty one, or add --replace to throw away everything "
                    "it holds."
                )
            _lay_out(manifest)
            rekeying = Rekeying([*own_keys(), more_key], to=own_keys()[0]) if more_key else None
            for part in manifest.parts:
                _load(archive, part, rekeying)
            _settle()
    _forget_streams()
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
    return manifest


def differing_settings(manifest: Manifest) -> list[str]:
    """Return a line for each noted setting that is different here."""
    here = noted_settings()
    return [
        f"{name} was {value!r}, and is {here[name]!r} here."
        for name, value in manifest.settings.items()
        if name in here and here[name] != value
    ]


def _check_keys(manifest: Manifest, keys: list[str]) -> None:
    missing = set(manifest.keys) - {fingerprint(key) for key in keys}
    if missing:
        raise ArchiveRefused(
            f"The archive has texts encrypted with keys that are not here: {', '.join(sorted(missing))}. Add them to "
            "FIELD_ENCRYPTION_KEYS, or give one with --key-file. (--accept-unreadable restores everything, but nobody "
            "could read those texts.)"
        )


def _check_version(manifest: Manifest) -> None:
    known = set(MigrationExecutor(connection).loader.disk_migrations)
    unknown = sorted(_pairs(manifest.migrations) - known)
    if unknown:
        raise ArchiveRefused(
            f"The archive is from a newer version: it has the migration {unknown[0][0]}.{unknown[0][1]}, which is not "
            "known here. Restore it with that version."
        )


def _pairs(migrations: dict[str, tuple[str, ...]]) -> set[tuple[str, str]]:
    return {(app, name) for app, names in migrations.items() for name in names}


def _is_used() -> bool:
    with connection.cursor() as cursor:
        for table, query in IS_USED.items():
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
            if cursor.fetchone()[0]:
                cursor.execute(query, [FIRST_ADMIN_EMAIL] if "%s" in query else [])
                if cursor.fetchone()[0]:
                    return True
    return False


def _lay_out(manifest: Manifest) -> None:
    """Make empty tables as the archive's version had them. An older one's are built anew, and migrated in `_settle`."""
    wanted = _pairs(manifest.migrations)
    tables = {model._meta.db_table for model in archived_models()} | {part.table for part in manifest.parts}
    if _pairs(applied_migrations()) != wanted:
        with connection.cursor() as cursor:
            cursor.execute(_on_tables("DROP TABLE IF EXISTS {} CASCADE", tables | LEFT_OUT | {MIGRATIONS_TABLE}))
        executor = MigrationExecutor(connection)
        nodes = executor.loader.graph.node_map
        last = [
            pair
            for pair in sorted(wanted)
            if pair in nodes and not any(child.key in wanted for child in nodes[pair].children)
        ]
        executor.migrate(last)
        tables = {part.table for part in manifest.parts}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL interline.audit_may_be_emptied = 'on'")  # else the trail refuses
        cursor.execute(_on_tables("TRUNCATE {} CASCADE", tables | LEFT_OUT))
        cursor.execute("SET LOCAL interline.audit_may_be_emptied = 'off'")


def _on_tables(statement: str, tables: Iterable[str]) -> sql.Composed:
    return sql.SQL(statement).format(sql.SQL(", ").join(map(sql.Identifier, sorted(tables))))


def _load(archive: ArchiveReader, part: Part, rekeying: Rekeying | None) -> None:
    if not set(part.columns) <= set(stored_columns(part.table)):
        raise ArchiveRefused(f"The archive's table {part.table} does not fit the one here. Nothing was changed.")
    blocks = archive.blocks(part)
    if rekeying and part.encrypted:
        blocks = rekeying.rows(lines(blocks), [part.columns.index(column) for column in part.encrypted])
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(part.table), sql.SQL(", ").join(map(sql.Identifier, part.columns))
    )
    with connection.cursor() as cursor:
        cursor.execute(FORMS)
        with cursor.copy(query) as copy:
            for block in blocks:
                copy.write(block)
        if cursor.rowcount != part.rows:
            raise ArchiveRefused(
                f"The archive's table {part.table} has {cursor.rowcount} rows, not {part.rows} as its manifest says. "
                "Nothing was changed."
            )


def _settle() -> None:
    """Check what refers to what, bring an older archive's tables up to date, and let new rows count on."""
    connection.check_constraints()  # else PostgreSQL would look only at the commit, and refuse to alter tables
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), archived_models()):
            cursor.execute(statement)
    for generation in Generation.objects.filter(state__in=OPEN_STATES).defer("input", "text", "anchor"):
        try:
            end_lost(generation, "The answer was interrupted: the server went back to a backup. Try again.")
        except InvalidToken:  # with --accept-unreadable: a request nobody can read
            generation.delete()


def _forget_streams() -> None:
    """Drop the streams of generations: they tell of another history than the restored one."""
    for pattern in (key("generation", "*"), key("generator", "jobs")):
        for name in sync_redis().scan_iter(match=pattern, count=settings.READY_SCAN_KEYS):
            sync_redis().delete(name)
