"""Pytest plugin: real PostgreSQL and Redis for the whole run, on free ports, below a temporary folder."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from apps.core.kept import stop_listening
from project.embedded import running_servers

_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Start the servers before pytest-django reads the settings; xdist's workers inherit the first process's."""
    if not os.environ.get("INTERLINE_TESTING"):
        folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="interline-tests-")))
        database_url, redis_url = _servers.enter_context(running_servers(folder))
        os.environ.update(DATA_DIR=str(folder), DATABASE_URL=database_url, REDIS_URL=redis_url, INTERLINE_TESTING="1")
    return (yield)


def pytest_unconfigure() -> None:
    stop_listening()
    _servers.close()
