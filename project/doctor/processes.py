"""Our own processes, by their heartbeats."""

from collections.abc import Iterator

import redis

from project.doctor.findings import Finding, failed, ok
from project.heartbeat import Kind, alive

# kind: what people miss without it, how to start it
NEEDED: dict[Kind, tuple[str, str]] = {
    "web": ("nobody gets a page", "python -m project.server"),
    "generator": ("the assistant answers nobody", "manage.py generator"),
    "worker": ("no mail is sent, no document is searchable", "celery -A project worker"),
    "beat": ("nothing is swept, compacted or cleaned up", "celery -A project beat"),
}


def check_processes() -> Iterator[Finding]:
    for kind, (missed, start) in NEEDED.items():
        try:
            count = alive(kind)
        except (redis.RedisError, ValueError):
            yield failed(kind, "cannot be seen without Redis", "See to Redis first.")
            continue
        if count == 0:
            yield failed(kind, f"none is running: {missed}", f"make run, docker compose up, or: {start}")
        elif kind == "beat" and count > 1:
            yield failed(kind, f"{count} are running: everything is started so often", "Leave one of them.")
        else:
            yield ok(kind, f"{count} running")
