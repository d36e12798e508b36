"""Fixtures of every test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as examples
from pytest_django import Settings

from apps.core import encryption
from apps.core.kept import forget_all
from tests.emptied import empty_cheaply
from tests.processes import Processes

# Any example may take its time: how long it takes depends on what else the machine does.
examples.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("patient")


@pytest.fixture(autouse=True, scope="session")
def _no_events_written_beside_tests() -> None:
    """Have this process write its events when a test says so: its thread would meet no database, or another test's."""
    django_settings.ANALYTICS_FLUSH_SECONDS = 3_600


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let tests empty the audit trail after them, as they do with every table. Elsewhere PostgreSQL refuses."""
    empty_cheaply()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for whose in (f"ALTER DATABASE {connection.ops.quote_name(connection.settings_dict['NAME'])} SET", "SET"):
            cursor.execute(f"{whose} interline.audit_may_be_emptied = 'on'")


@pytest.fixture(autouse=True)
def _own_redis_prefix(settings: Settings) -> None:
    """Give every test a Redis name space of its own."""
    use_redis_prefix(settings, f"test:{os.urandom(6).hex()}:")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Read anew what other tests have rolled back or flushed."""
    forget_all()


def use_redis_prefix(settings: Settings, prefix: str) -> None:
    settings.REDIS_PREFIX = prefix
    layer = settings.CHANNEL_LAYERS["default"]
    config = {**layer["CONFIG"], "prefix": prefix + "layer"}
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": config}}


@pytest.fixture
def use_keys(settings: Settings) -> Iterator[Callable[..., None]]:
    """Have stored texts written and read with these keys, the current one first, until the test ends."""

    def use(*keys: str) -> None:
        settings.FIELD_ENCRYPTION_KEYS = list(keys)
        encryption._fernet.cache_clear()

    yield use
    encryption._fernet.cache_clear()


@pytest.fixture
def processes(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[Processes]:
    """Start real processes of ours against this test's database and Redis name space."""
    database = connection.settings_dict
    started = Processes(
        {
            "DATABASE_URL": f"postgres://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}",
            "REDIS_PREFIX": settings.REDIS_PREFIX,
        },
        tmp_path,
    )
    yield started
    started.stop()
