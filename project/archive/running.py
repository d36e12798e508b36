"""Who still works on the database: a restored document must not meet a room that holds the old one in memory."""

import redis
from django.db import connection

from project.archive.container import ArchiveRefused
from project.heartbeat import Kind, alive

PROCESSES: dict[Kind, str] = {
    "web": "web process",
    "generator": "generator",
    "worker": "Celery worker",
    "beat": "Celery beat",
}
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
STOP = (
    "Stop them first (`make run`: Ctrl-C; compose: docker compose stop web generator worker beat, while PostgreSQL and "
    "Redis stay), and try again after {seconds} seconds. If you know that none of them runs, add --ignore-running."
)


def refuse_while_running(lifetime_seconds: int) -> None:
    """Raise ArchiveRefused while a process of ours is alive, or anybody else is connected to the database."""
    stop = STOP.format(seconds=lifetime_seconds)
    try:
        heard = [
            f"{count} {name}{'s' if count > 1 else ''}" for kind, name in PROCESSES.items() if (count := alive(kind))
        ]
    except redis.RedisError:
        raise ArchiveRefused(
            "Redis does not answer, so it is not known whether web processes are running. " + stop
        ) from None
    if heard:
        raise ArchiveRefused(f"Interline is running: {', '.join(heard)}. {stop}")
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        (others,) = cursor.fetchone()
    if others:
        raise ArchiveRefused(f"Others are connected to the database ({others}). {stop}")
