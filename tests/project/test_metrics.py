"""Who may read `/metrics`, and what it says of queues and background tasks."""

import sys

import pytest
from django.test import Client
from pytest_django import Settings

from tests.metrics import Scrape
from tests.processes import Child, Processes, wait_until

pytestmark = pytest.mark.django_db

ASK = """
from project.tasks import clear_expired_sessions
clear_expired_sessions.delay()
"""
TASK = {"task": "project.tasks.clear_expired_sessions"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "10.0.0.9"}, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}, 404),  # an untold proxy on this machine
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer wrong"}, 404),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer s3cret"}, 200),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer s3cre"}, 404),
        ({"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Basic s3cret"}, 404),
    ],
)
def test_only_who_may_reads_the_metrics(headers: dict[str, str], status: int, settings: Settings) -> None:
    settings.METRICS_TOKEN = "s3cret"
    answer = Client().get("/metrics", **headers)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert (b"interline_" in answer.content) == (status == 200)


def test_without_a_token_none_will_do(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", REMOTE_ADDR="10.0.0.9", HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_a_trusted_proxy_says_who_asks(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.METRICS_ADDRESSES = ["10.1.0.0/16"]
    for address, status in (("10.1.2.3", 200), ("203.0.113.7", 404)):
        assert Client().get("/metrics", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=address).status_code == status


def test_without_redis_the_process_shows_its_own(processes: Processes) -> None:
    web = processes.web(REDIS_URL="redis://127.0.0.1:9/0")
    scrape = Scrape(web.url)
    assert scrape.total("interline_redis_up") == 0
    assert any(sample.name == "interline_rooms" for sample in scrape.samples)


def test_waiting_and_finished_tasks_are_counted(processes: Processes) -> None:
    web = processes.web(METRICS_SECONDS="0.5")
    asking = processes.command("shell", "-c", ASK)
    assert asking.process is not None
    assert asking.process.wait(60) == 0, asking.output()
    waiting = Scrape(web.url)
    assert waiting.total("interline_task_queue_length") == 1
    assert waiting.total("interline_task_queue_age_seconds") > 0

    argv = [sys.executable, "-m", "celery", "--quiet", "-A", "project", "worker", "--concurrency=1", "--without-mingle"]
    worker = Child(argv, {**processes.environment, "METRICS_SECONDS": "0.5"}, processes.folder / "worker.log")
    processes.keep(worker)
    worker.start()
    wait_until(
        lambda: Scrape(web.url).total("interline_tasks_total", outcome="done", process="worker", **TASK) == 1,
        seconds=60,
        what="the worker's report",
    )
    done = Scrape(web.url)
    assert done.total("interline_task_seconds_count", **TASK) == 1
    assert done.total("interline_task_wait_seconds_sum") > 0
    assert done.total("interline_task_queue_length") == 0
