"""`/healthz` and `/readyz` through a real web process."""

import httpx
import pytest
from pytest_django import Settings

from apps.core.redis import key, sync_redis
from tests.processes import Processes


@pytest.fixture
def heartbeats(settings: Settings) -> None:
    sync_redis().set(key("heartbeat", "generator", "one"), 1, ex=60)
    sync_redis().set(key("heartbeat", "worker", "one"), 1, ex=60)


def test_it_is_ready_when_every_part_answers(processes: Processes, heartbeats: None) -> None:
    answer = httpx.get(processes.web().url + "/readyz", timeout=60)
    assert answer.status_code == httpx.codes.OK
    assert set(answer.json()["parts"]) == {"postgres", "redis", "generator", "worker"}
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_says_which_part_is_missing(processes: Processes) -> None:
    web = processes.web()
    answer = httpx.get(web.url + "/readyz", timeout=60)
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    parts = answer.json()["parts"]
    assert parts["postgres"] == {"status": "ok"}
    assert parts["generator"] == {"status": "unavailable", "detail": "no generator is running"}
    assert parts["worker"] == {"status": "unavailable", "detail": "no worker is running"}
    assert httpx.get(web.url + "/healthz", timeout=60).json() == {"status": "ok"}


def test_it_stays_up_and_tells_when_the_servers_are_away(processes: Processes) -> None:
    web = processes.web(DATABASE_URL="postgres://nobody@127.0.0.1:9/none", REDIS_URL="redis://127.0.0.1:9/0")
    answer = httpx.get(web.url + "/readyz", timeout=20)
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert {part["status"] for part in answer.json()["parts"].values()} == {"unavailable"}
    assert "127.0.0.1:9" not in answer.text  # addresses and passwords are for the log
    assert httpx.get(web.url + "/healthz", timeout=60).status_code == httpx.codes.OK
