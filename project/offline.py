"""Commands on an installation that is not running: its own PostgreSQL and Redis are started just for them."""

import os
import subprocess
import sys

from django.core.management.base import CommandError

from project import embedded
from project.plan import CannotStart, lock
from project.settings.environment import DATA_DIR


def has_own_servers() -> bool:
    """Say whether this installation has servers elsewhere, or those of a command like this one."""
    return bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def run_with_servers() -> int | None:
    """Run this command again over the embedded servers, and return its exit status.

    None where it need not be: the servers are not ours, or `make run` has them running.
    """
    if has_own_servers():
        return None
    try:
        held = lock(DATA_DIR)
    except CannotStart:
        return None  # `make run` holds it, and its servers are up
    try:
        embedded.end_stale(DATA_DIR)
        with embedded.running_servers(DATA_DIR) as (database_url, redis_url), held:
            urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
            urls |= {name: os.environ[name] for name in urls if os.environ.get(name)}
            return subprocess.run([sys.executable, *sys.argv], env={**os.environ, **urls}, check=False).returncode
    except embedded.EmbeddedServerError as error:
        raise CommandError(str(error)) from None
