"""PostgreSQL, Redis and mail."""

import os
from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.core.redis import sync_redis
from project.doctor.findings import Finding, failed, ok, warning

POSTGRES_OLDEST = 140_000  # Django 5.2's
REDIS_OLDEST = (6, 2)  # XAUTOCLAIM
VERSION_PART = 10_000


def check_postgres() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield failed(
            "PostgreSQL",
            f"does not answer ({type(error.__cause__ or error).__name__})",
            _advice("DATABASE_URL", "host, database, user and password"),
        )
        return
    version = connection.cursor().connection.info.server_version
    shown = f"{version // VERSION_PART}.{version % VERSION_PART}"
    if version < POSTGRES_OLDEST:
        yield failed("PostgreSQL", f"version {shown}", "Update the server: 14 is the oldest that works, 18 is tested.")
    else:
        yield ok("PostgreSQL", f"version {shown}")
    yield _durability()
    yield _encoding()
    yield _vector()
    yield _migrations()


def _show(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def _advice(variable: str, parts: str) -> str:
    if not os.environ.get(variable):
        return f"{variable} is not set: `make run`, which brings its own server, is not running. Start it."
    return f"Look whether the server runs, and whether {variable} has its {parts}."


def _durability() -> Finding:
    off = [name for name in ("fsync", "synchronous_commit", "full_page_writes") if _show(name) == "off"]
    if off:
        return failed(
            "durability",
            f"{', '.join(off)} is off: what pages call saved may be lost with the server",
            "Turn it on in postgresql.conf.",
        )
    return ok("durability", "a commit is on the disk")


def _encoding() -> Finding:
    encoding = _show("server_encoding")
    if encoding != "UTF8":
        return failed("encoding", encoding, "Make the database anew with ENCODING 'UTF8' and restore a backup into it.")
    return ok("encoding", "UTF8")


def _vector() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT installed_version FROM pg_available_extensions WHERE name = 'vector'")
        row = cursor.fetchone()
    if row and row[0]:
        return ok("pgvector", f"version {row[0]}")
    if not settings.AI_EMBEDDING_MODEL:
        return ok("pgvector", "not there, and not needed without AI_EMBEDDING_MODEL")
    if row:
        return warning("pgvector", "on the server, not in this database", "As its owner: CREATE EXTENSION vector.")
    return failed("pgvector", "not on the server", "Install it (image pgvector/pgvector), or unset AI_EMBEDDING_MODEL.")


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    if pending:
        first = pending[0][0]
        return failed("migrations", f"{len(pending)} to do, first {first.app_label}.{first.name}", "manage.py prepare")
    if unknown:
        return failed(
            "migrations",
            f"the database is of a newer version ({'.'.join(min(unknown))})",
            "Run that version, or restore a backup of this one.",
        )
    return ok("migrations", "all applied")


def check_redis() -> Iterator[Finding]:
    try:
        facts: Any = sync_redis().info()
    except (redis.RedisError, ValueError) as error:  # ValueError: no address, or none that is one
        yield failed(
            "Redis",
            f"does not answer ({type(error).__name__})",
            _advice("REDIS_URL", "host and password"),
        )
        return
    version = str(facts["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < REDIS_OLDEST:
        yield failed("Redis", f"version {version}", "Update the server: 6.2 is the oldest that works.")
    else:
        yield ok("Redis", f"version {version}, {facts.get('used_memory_human', '?')} in use")
    yield _persistence(facts)
    yield _eviction(facts)


def _persistence(facts: Any) -> Finding:
    if facts.get("aof_enabled"):
        if facts.get("aof_last_write_status", "ok") != "ok":
            return failed("persistence", "Redis cannot write its append-only file", "Look whether its disk is full.")
        return ok("persistence", "append-only file")
    return warning(
        "persistence",
        "no append-only file: answers that are being written, and queued mail, are lost when Redis restarts",
        "redis.conf: appendonly yes",
    )


def _eviction(facts: Any) -> Finding:
    policy, limit = str(facts.get("maxmemory_policy", "noeviction")), int(facts.get("maxmemory", 0))
    if limit and policy != "noeviction":
        return failed(
            "eviction", f"{policy}: a full Redis drops queues and running answers", "maxmemory-policy noeviction"
        )
    return ok("eviction", policy if limit else "no limit of memory")


def check_mail() -> Iterator[Finding]:
    """Connect and log in; nothing is sent."""
    if not settings.EMAIL_URL:
        detail = "EMAIL_URL is not set: mail is printed in the log, and addresses need no proof"
        yield ok("mail", detail) if settings.DEBUG else warning("mail", detail, "EMAIL_URL=smtp+tls://user:…@host:587")
        return
    mail = get_connection(settings.MAIL_DELIVERY_BACKEND)
    try:
        mail.open()
        mail.close()
    except Exception as error:
        yield failed(
            "mail",
            f"the server of EMAIL_URL does not take us ({type(error).__name__})",
            "Look at host, port, user and password, and at whether it wants TLS (smtp+tls, smtp+ssl).",
        )
        return
    yield ok("mail", f"{settings.EMAIL_HOST} takes us")
