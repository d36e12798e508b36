"""Real PostgreSQL and Redis for the whole test run, on free ports, below a temporary folder."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import Settings

from project.embedded import running_servers

os.environ["INTERLINE_TESTING"] = "1"
_servers = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers before Django's settings are read; xdist workers inherit the first process's."""
    if os.environ.get("INTERLINE_TEST_SERVERS"):
        return
    folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="interline-tests-")))
    database_url, redis_url = _servers.enter_context(running_servers(folder))
    os.environ.update(DATA_DIR=str(folder), DATABASE_URL=database_url, REDIS_URL=redis_url, INTERLINE_TEST_SERVERS="1")


def pytest_unconfigure(config: pytest.Config) -> None:
    _servers.close()


@pytest.fixture(autouse=True)
def _own_redis_prefix(settings: Settings) -> None:
    """Give every test a Redis name space of its own."""
    settings.REDIS_PREFIX = f"test:{os.urandom(6).hex()}:"
