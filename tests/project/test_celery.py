"""A real Celery worker: it is heard of, and its log names the request that asked for the task."""

import json
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from project.celery import app
from project.heartbeat import alive
from tests.processes import Child, Processes, wait_until

ASK = """
from apps.core.ids import request_id
from project.tasks import clear_expired_sessions
request_id.set("asked-for-0001")
clear_expired_sessions.delay()
"""


@pytest.fixture
def worker(processes: Processes) -> Child:
    return processes.worker(LOG_FORMAT="json")


def test_a_task_carries_the_request_id_of_who_asked(worker: Child, processes: Processes) -> None:
    processes.command("shell", "-c", ASK)
    wait_until(lambda: "sessions.cleared" in worker.output(), seconds=30, what="the task")
    line = next(line for line in worker.output().splitlines() if "sessions.cleared" in line)
    assert json.loads(line)["request_id"] == "asked-for-0001"
    wait_until(lambda: alive("worker") == 1, what="its sign of life")
    worker.stop()
    assert alive("worker") == 0


def test_beat_is_heard_of_until_it_ends(processes: Processes, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "celery", "--quiet", "-A", "project", "beat"]
    argv += [f"--schedule={tmp_path / 'schedule'}", "--pidfile="]
    beat = Child(argv, processes.environment, tmp_path / "beat.log")
    processes.keep(beat)
    beat.start()
    wait_until(lambda: alive("beat") == 1, seconds=60, what="a sign of life")
    beat.stop()
    assert alive("beat") == 0


def test_every_scheduled_task_exists(settings: Settings) -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(app.tasks)
